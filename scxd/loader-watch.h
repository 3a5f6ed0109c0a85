/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Loads an object of tracing programs, which only have to be attached then. For scxd-loader. */

#include "loader-protocol.h"

/* Fills in error, stage, message and fds of the reply (LOADER_FD_EXIT is the program's ring buffer); fds receives the descriptors
 * (the caller's to close). */
void loader_watch(const LoaderRequest *request, LoaderReply *reply, int fds[static LOADER_FDS_MAX], size_t *ret_n_fds);
