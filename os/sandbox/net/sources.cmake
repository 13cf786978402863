# SPDX-License-Identifier: MIT
# What the sandbox image needs of this folder. Paths are absolute. lwIP itself is compiled with NET_PORT_INCLUDE_DIRS
# (before its own) and, in the freestanding image, NET_LIBC_INCLUDE_DIRS; our sources see lwIP's headers as SYSTEM.
set(NET_SOURCES
    ${CMAKE_CURRENT_LIST_DIR}/arrivals.c
    ${CMAKE_CURRENT_LIST_DIR}/client.c
    ${CMAKE_CURRENT_LIST_DIR}/counters.c
    ${CMAKE_CURRENT_LIST_DIR}/flood.c
    ${CMAKE_CURRENT_LIST_DIR}/net.c
    ${CMAKE_CURRENT_LIST_DIR}/netdev.c
    ${CMAKE_CURRENT_LIST_DIR}/orphans.c
    ${CMAKE_CURRENT_LIST_DIR}/pages.c
    ${CMAKE_CURRENT_LIST_DIR}/replies.c
    ${CMAKE_CURRENT_LIST_DIR}/traffic.c
    ${CMAKE_CURRENT_LIST_DIR}/web.c
    ${CMAKE_CURRENT_LIST_DIR}/port/port.c)
# Only in the freestanding image: what the C library has elsewhere.
set(NET_LIBC_SOURCES ${CMAKE_CURRENT_LIST_DIR}/port/libc/libc.c)
set(NET_PORT_INCLUDE_DIRS ${CMAKE_CURRENT_LIST_DIR}/port)
set(NET_LIBC_INCLUDE_DIRS ${CMAKE_CURRENT_LIST_DIR}/port/libc)
# For our own sources: os/sandbox/net itself, kernel.h and nic/nic.h in os/sandbox, lib/ in os.
set(NET_INCLUDE_DIRS
    ${CMAKE_CURRENT_LIST_DIR}
    ${CMAKE_CURRENT_LIST_DIR}/..
    ${CMAKE_CURRENT_LIST_DIR}/../..)
