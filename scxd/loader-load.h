/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Loads a scheduler into the kernel up to the point where only bpf_link_create() is missing. For scxd-loader. */

#include "loader-protocol.h"

/* From here on this process and its children cannot create a BPF link, so never enable a scheduler: the kernel refuses the call.
 * loader_load() needs that: it has libbpf install the ops and takes the refused link as the sign that it got that far. */
int loader_forbid_links(void);

/* Gives up all privileges that loading does not need (CAP_BPF, CAP_PERFMON stay if they are there). */
int loader_drop_privileges(void);

/* Fills in error, stage, message, ops_name and fds of the reply; fds receives the descriptors (the caller's to close). */
void loader_load(const LoaderRequest *request, LoaderReply *reply, int fds[static LOADER_FDS_MAX], size_t *ret_n_fds);
