# SPDX-License-Identifier: MIT
# Link `qv_warnings` PRIVATE to every target of our own code. Code of others (lwIP) is built without it.
add_library(qv_warnings INTERFACE)
target_compile_options(qv_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wshadow;-Wmissing-prototypes;-Wundef;-Wconversion>
    $<$<AND:$<COMPILE_LANGUAGE:C>,$<BOOL:${QV_WERROR}>>:-Werror>)
