/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* scxd's side of scxd-loader: starts the helper, feeds it requests one by one, hands each answer to a callback, and never waits. */

#include <systemd/sd-event.h>

#include "loader-protocol.h"

typedef struct LoaderJob LoaderJob;

/* One request of the job has its answer. reply is valid during the call only. fds (n_fds of them, in the order of the LOADER_FD_
 * bits) are the callee's: it must close them or TAKE_FD() each; those left at >= 0 are closed after the call.
 * If the helper died, hung or sent rubbish, reply->error says so (-EPIPE, -ETIMEDOUT, -EBADMSG) for this and each later request.
 * The callback may free the job. index counts requests from 0. */
typedef void (*loader_handler_t)(LoaderJob *job, size_t index, const LoaderReply *reply, int *fds, size_t n_fds, void *userdata);

/* Called before each request goes out: fills *request for this index. */
typedef void (*loader_fill_t)(LoaderJob *job, size_t index, LoaderRequest *request, void *userdata);

#define LOADER_TIMEOUT_DEFAULT_USEC (60 * UINT64_C(1000000))    /* per request; the verifier takes seconds under emulation */

/* Starts path (scxd-loader) for n_requests requests. The first request goes out at once, answers come from the event loop.
 * Returns negative errno if the helper could not even be started. n_requests >= 1. */
int loader_job_start(sd_event *event, const char *path, size_t n_requests, uint64_t timeout_usec, loader_fill_t fill,
                     loader_handler_t handler, void *userdata, LoaderJob **ret);

/* Ends the job wherever it is: kills and reaps the helper (without blocking the loop); no callback comes after it. NULL is fine.
 * Returns NULL. */
LoaderJob *loader_job_free(LoaderJob *job);
DEFINE_POINTER_CLEANUP(LoaderJob *, loader_job_free);
