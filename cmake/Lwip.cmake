# SPDX-License-Identifier: MIT
# lwIP, unmodified, from the upstream tarball of the distribution's source package. Sets
#   LWIP_VERSION        e.g. 2.1.3
#   LWIP_DIR            its unpacked tree, inside the build tree
#   LWIP_INCLUDE_DIRS   to be given as SYSTEM directories (its headers are not under our warnings)
#   LWIP_CORE_SOURCES   core, IPv4 and Ethernet; raw interface only (no api/, IPv6, PPP)
#   LWIP_HTTPD_SOURCES  the web server and its file system
# Who compiles the sources does so without qv_warnings.

# qv_lwip_sum(TARBALL OUT): the checksum that this name must have, empty if nobody knows it
function(qv_lwip_sum tarball out)
    get_filename_component(name "${tarball}" NAME)
    get_filename_component(folder "${tarball}" DIRECTORY)
    set(${out} "" PARENT_SCOPE)
    foreach(list "${PROJECT_SOURCE_DIR}/cmake/lwip.sha256" "${folder}/authenticated.sha256")
        if(EXISTS "${list}")
            file(STRINGS "${list}" lines)
            foreach(line IN LISTS lines)
                if(line MATCHES "^([0-9a-f]+)  (.*)$" AND CMAKE_MATCH_2 STREQUAL name)
                    set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
                    return()
                endif()
            endforeach()
        endif()
    endforeach()
endfunction()

# qv_lwip_tarball(OUT): finds or fetches the tarball
function(qv_lwip_tarball out)
    if(QV_LWIP_TARBALL)
        set(${out} "${QV_LWIP_TARBALL}" PARENT_SCOPE)
        return()
    endif()
    # Whatever build tree this is, one fetched by ./qv serves.
    if(NOT DEFINED ENV{QV_LWIP_TARBALL})
        foreach(folder "${CMAKE_BINARY_DIR}/downloads" "${PROJECT_SOURCE_DIR}/build/downloads")
            file(GLOB found "${folder}/lwip_*.orig.tar.*")
            if(found)
                list(SORT found COMPARE NATURAL ORDER DESCENDING)
                list(GET found 0 newest)
                set(${out} "${newest}" PARENT_SCOPE)
                return()
            endif()
        endforeach()
    endif()
    message(STATUS "Fetching the source package lwip")
    execute_process(COMMAND "${PROJECT_SOURCE_DIR}/cmake/fetch-lwip.sh" "${CMAKE_BINARY_DIR}/downloads"
        OUTPUT_VARIABLE fetched OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "lwIP could not be fetched; QV_LWIP_TARBALL can name a tarball fetched by hand")
    endif()
    set(${out} "${fetched}" PARENT_SCOPE)
endfunction()

qv_lwip_tarball(lwip_tarball)
qv_lwip_sum("${lwip_tarball}" lwip_expected)
file(SHA256 "${lwip_tarball}" lwip_actual)
if(NOT lwip_actual STREQUAL lwip_expected)
    message(FATAL_ERROR "${lwip_tarball}: SHA-256 is ${lwip_actual}, expected \"${lwip_expected}\" "
                        "(cmake/lwip.sha256)")
endif()

string(SUBSTRING ${lwip_actual} 0 12 lwip_stamp)
set(lwip_tree "${CMAKE_BINARY_DIR}/lwip/${lwip_stamp}")
if(NOT IS_DIRECTORY "${lwip_tree}")
    # Unpacked aside and renamed, so that an interrupted configuration leaves no half tree behind.
    file(REMOVE_RECURSE "${CMAKE_BINARY_DIR}/lwip")
    file(ARCHIVE_EXTRACT INPUT "${lwip_tarball}" DESTINATION "${CMAKE_BINARY_DIR}/lwip/unpacking")
    file(GLOB lwip_root "${CMAKE_BINARY_DIR}/lwip/unpacking/*")
    list(LENGTH lwip_root lwip_roots)
    if(NOT lwip_roots EQUAL 1)
        message(FATAL_ERROR "${lwip_tarball}: expected one folder inside, found ${lwip_roots}")
    endif()
    file(RENAME "${lwip_root}" "${lwip_tree}")
    file(REMOVE_RECURSE "${CMAKE_BINARY_DIR}/lwip/unpacking")
endif()

set(LWIP_DIR "${lwip_tree}")
set(LWIP_INCLUDE_DIRS "${LWIP_DIR}/src/include")
file(GLOB LWIP_CORE_SOURCES "${LWIP_DIR}/src/core/*.c" "${LWIP_DIR}/src/core/ipv4/*.c")
list(APPEND LWIP_CORE_SOURCES "${LWIP_DIR}/src/netif/ethernet.c")
set(LWIP_HTTPD_SOURCES "${LWIP_DIR}/src/apps/http/httpd.c" "${LWIP_DIR}/src/apps/http/fs.c")

file(STRINGS "${LWIP_DIR}/src/include/lwip/init.h" lwip_numbers
    REGEX "^#define LWIP_VERSION_(MAJOR|MINOR|REVISION) +[0-9]+")
set(LWIP_VERSION "")
foreach(part MAJOR MINOR REVISION)
    if(NOT lwip_numbers MATCHES "LWIP_VERSION_${part} +([0-9]+)")
        message(FATAL_ERROR "${LWIP_DIR} is not an lwIP tree: no LWIP_VERSION_${part}")
    endif()
    list(APPEND LWIP_VERSION ${CMAKE_MATCH_1})
endforeach()
list(JOIN LWIP_VERSION "." LWIP_VERSION)
message(STATUS "lwIP ${LWIP_VERSION} from ${lwip_tarball}")
