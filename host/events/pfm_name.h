/* SPDX-License-Identifier: MIT */
#ifndef QV_EVENTS_PFM_NAME_H
#define QV_EVENTS_PFM_NAME_H

/* libpfm4's name of a processor that may be called by a common one; the name itself if it is none of these. */
const char *events_pfm_name(const char *processor);

#endif
