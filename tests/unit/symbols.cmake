# SPDX-License-Identifier: MIT
# An image with debug information at the sandboxes' addresses, and one at a monitor's: the names of known places.
set(image_flags -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fcf-protection=none -g -O0
    -fno-asynchronous-unwind-tables "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")
foreach(image sandbox monitor64)
    add_executable(symbols_probe_${image} symbols_probe.c)
    target_link_options(symbols_probe_${image} PRIVATE -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-e,probe_start)
    set_target_properties(symbols_probe_${image} PROPERTIES
        OUTPUT_NAME ${image}.elf RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/symbols_probe")
endforeach()
target_compile_options(symbols_probe_sandbox PRIVATE ${image_flags} -mcmodel=kernel)
target_link_options(symbols_probe_sandbox PRIVATE -Wl,-Ttext=0xffffffff80001000 -Wl,-Tdata=0xffffffff80003000
    -Wl,-Tbss=0xffffffff80004000)
target_compile_options(symbols_probe_monitor64 PRIVATE ${image_flags})
target_link_options(symbols_probe_monitor64 PRIVATE -Wl,-Ttext=0x100000 -Wl,-Tdata=0x103000 -Wl,-Tbss=0x104000)

qv_unit_test(NAME symbols SOURCES test_symbols.c LIBS qv_symbols LABELS host DEFINES _GNU_SOURCE
    ARGS "${CMAKE_CURRENT_BINARY_DIR}/symbols_probe")
add_dependencies(unit_symbols symbols_probe_sandbox symbols_probe_monitor64)
