# SPDX-License-Identifier: MIT
include("${PROJECT_SOURCE_DIR}/cmake/Lwip.cmake")
include("${PROJECT_SOURCE_DIR}/os/sandbox/net/sources.cmake")

# lwIP as the sandbox image has it, but for the host, without our warnings.
add_library(net_test_lwip STATIC EXCLUDE_FROM_ALL ${LWIP_CORE_SOURCES} ${LWIP_HTTPD_SOURCES})
target_include_directories(net_test_lwip PRIVATE ${NET_PORT_INCLUDE_DIRS} ${LWIP_INCLUDE_DIRS})
add_library(net_test_headers INTERFACE)
target_include_directories(net_test_headers SYSTEM INTERFACE ${LWIP_INCLUDE_DIRS})

# test_net/ comes first: its lib/x86.h stands in for the kernel's.
set(net_test_includes "${CMAKE_CURRENT_LIST_DIR}/test_net" ${NET_INCLUDE_DIRS} ${NET_PORT_INCLUDE_DIRS})

qv_unit_test(NAME net_units
    SOURCES test_net_units.c ${PROJECT_SOURCE_DIR}/os/sandbox/net/arrivals.c
            ${PROJECT_SOURCE_DIR}/os/sandbox/net/replies.c
    INCLUDES ${net_test_includes}
    LIBS m)
foreach(test web client)
    qv_unit_test(NAME net_${test}
        SOURCES test_net_${test}.c test_net/world.c test_net/cost.c test_net/peer.c ${NET_SOURCES}
        INCLUDES ${net_test_includes}
        OPTIONS -include "${CMAKE_CURRENT_LIST_DIR}/test_net/irq.h"
        LIBS net_test_headers net_test_lwip)
endforeach()
