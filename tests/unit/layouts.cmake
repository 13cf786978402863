# SPDX-License-Identifier: MIT
qv_unit_test(NAME layouts SOURCES test_layouts.c)
