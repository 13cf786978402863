/* SPDX-License-Identifier: MIT */
/* Error numbers of the OS, returned negative. The names are POSIX's; the numbers are part of the monitor-call
 * interface. */
#ifndef QV_OS_ERRNO_H
#define QV_OS_ERRNO_H

#define EPERM      1  /* caller does not own what it names */
#define EIO        5  /* device or component is down */
#define EAGAIN     11 /* try again later */
#define ENOMEM     12
#define EBUSY      16
#define EEXIST     17
#define ENODEV     19
#define EINVAL     22
#define ENOSPC     28
#define ENOSYS     38
#define ETIMEDOUT  110
#define EOWNERDEAD 130 /* lock recovered from a dead owner: state must be checked */

#endif
