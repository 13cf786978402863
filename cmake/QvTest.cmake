# SPDX-License-Identifier: MIT
# Host-side tests under the address and undefined-behaviour sanitizers.

set(QV_SANITIZE -UNDEBUG -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1)

# qv_sanitized_twin(TARGET OUT): sets OUT to a library with the sources of the static library TARGET, built with the
# sanitizers, so that a test also finds what goes wrong inside the code it calls. Targets that are not static
# libraries of this project (INTERFACE, imported) and plain library names are handed back as they are.
function(qv_sanitized_twin target out)
    set(${out} ${target} PARENT_SCOPE)
    if(NOT TARGET ${target})
        return()
    endif()
    get_target_property(type ${target} TYPE)
    get_target_property(imported ${target} IMPORTED)
    if(imported OR NOT type STREQUAL "STATIC_LIBRARY")
        return()
    endif()
    set(twin ${target}.sanitized)
    set(${out} ${twin} PARENT_SCOPE)
    if(TARGET ${twin})
        return()
    endif()

    get_target_property(folder ${target} SOURCE_DIR)
    get_target_property(sources ${target} SOURCES)
    set(absolute "")
    foreach(source IN LISTS sources)
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${folder}")
        list(APPEND absolute "${source}")
    endforeach()
    add_library(${twin} STATIC EXCLUDE_FROM_ALL ${absolute})
    foreach(property INCLUDE_DIRECTORIES INTERFACE_INCLUDE_DIRECTORIES COMPILE_DEFINITIONS
                     INTERFACE_COMPILE_DEFINITIONS COMPILE_OPTIONS COMPILE_FEATURES)
        get_target_property(value ${target} ${property})
        if(value)
            set_property(TARGET ${twin} PROPERTY ${property} "${value}")
        endif()
    endforeach()
    target_compile_options(${twin} PRIVATE ${QV_SANITIZE})

    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
        get_target_property(libraries ${target} ${property})
        set(twins "")
        foreach(library IN LISTS libraries)
            # $<LINK_ONLY:x> is how CMake records what a static library links privately
            if(library MATCHES "^\\$<LINK_ONLY:(.*)>$")
                qv_sanitized_twin(${CMAKE_MATCH_1} other)
                list(APPEND twins "$<LINK_ONLY:${other}>")
            elseif(library)
                qv_sanitized_twin(${library} other)
                list(APPEND twins "${other}")
            endif()
        endforeach()
        set_property(TARGET ${twin} PROPERTY ${property} "${twins}")
    endforeach()
endfunction()

# qv_unit_test(NAME name SOURCES file... [LIBS target...] [INCLUDES dir...] [DEFINES def...] [OPTIONS flag...]
#              [ARGS arg...] [TIMEOUT seconds] [LABELS label...])
# One CUnit program, registered in CTest as `unit.<name>` with the label `unit`. Sources are relative to the folder of
# the calling .cmake file. Static libraries of this project in LIBS are rebuilt with the sanitizers.
function(qv_unit_test)
    cmake_parse_arguments(T "" "NAME;TIMEOUT" "SOURCES;LIBS;INCLUDES;DEFINES;OPTIONS;ARGS;LABELS" ${ARGN})
    if(NOT T_NAME OR NOT T_SOURCES OR T_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "qv_unit_test: NAME and SOURCES are needed, and nothing unknown: ${T_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT T_TIMEOUT)
        set(T_TIMEOUT 60)
    endif()
    set(sources "")
    foreach(source IN LISTS T_SOURCES)
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_LIST_DIR}")
        list(APPEND sources "${source}")
    endforeach()
    set(libraries "")
    foreach(library IN LISTS T_LIBS)
        qv_sanitized_twin(${library} twin)
        list(APPEND libraries ${twin})
    endforeach()

    set(program unit_${T_NAME})
    add_executable(${program} ${sources})
    target_compile_definitions(${program} PRIVATE ${T_DEFINES})
    target_compile_options(${program} PRIVATE ${QV_SANITIZE} ${T_OPTIONS})
    target_link_options(${program} PRIVATE ${QV_SANITIZE})
    target_include_directories(${program} PRIVATE "${PROJECT_SOURCE_DIR}/tests/unit" ${T_INCLUDES})
    target_link_libraries(${program} PRIVATE qv_warnings qv_layouts ${libraries} cunit)
    add_test(NAME unit.${T_NAME} COMMAND ${program} ${T_ARGS})
    set_tests_properties(unit.${T_NAME} PROPERTIES
        TIMEOUT ${T_TIMEOUT}
        LABELS "unit;${T_LABELS}"
        ENVIRONMENT "ASAN_OPTIONS=abort_on_error=0:detect_leaks=1;UBSAN_OPTIONS=print_stacktrace=1")
endfunction()
