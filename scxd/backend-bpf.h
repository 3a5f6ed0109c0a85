/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* A BPF scheduler that scxd-loader has loaded: attach, detach, hear its exit. Needs no capability. Knows nothing of profiles. */

#include <systemd/sd-event.h>

#include "loader-protocol.h"
#include "scxd-exit.h"

typedef struct BpfScheduler BpfScheduler;

/* An exit record arrived from the kernel (from the event loop, or from within bpf_scheduler_poll()). */
typedef void (*bpf_exit_handler_t)(BpfScheduler *s, const struct scxd_exit_event *exit, void *userdata);

/* Takes what a LOAD reply handed over: takes over the fds (sets them to -EBADF) also on failure. Not yet attached. */
int bpf_scheduler_new(sd_event *event, const LoaderReply *reply, int *fds, size_t n_fds, bpf_exit_handler_t handler,
                      void *userdata, BpfScheduler **ret);

/* Detaches if attached, and closes all. Returns NULL. */
BpfScheduler *bpf_scheduler_free(BpfScheduler *s);
DEFINE_POINTER_CLEANUP(BpfScheduler *, bpf_scheduler_free);

/* bpf_link_create(): the kernel enables it before this returns (some 100 ms). -EBUSY: another one is enabled. May be called again
 * after a detach. Success does not mean enabled: ask the kernel afterwards. */
int bpf_scheduler_attach(BpfScheduler *s);

/* Takes a link that an earlier process made (from systemd's fd store) as if attach had been called. */
void bpf_scheduler_adopt_link(BpfScheduler *s, int link_fd);

/* Detaches the link, whoever else holds a duplicate of it, and closes it; returns when the kernel has finished disabling. Fine if not
 * attached. */
void bpf_scheduler_detach(BpfScheduler *s);

bool bpf_scheduler_is_attached(const BpfScheduler *s);  /* has a link: says nothing about the kernel */
const char *bpf_scheduler_ops_name(const BpfScheduler *s);

/* Reads exit records that are already there, calling the handler for each; returns how many, or negative errno. */
int bpf_scheduler_poll(BpfScheduler *s);


/* Detaches and closes a link without a scheduler around it. */
void bpf_scheduler_drop_link(int link_fd);

/* Forgets the link without detaching it: somebody else holds a duplicate. */
void bpf_scheduler_abandon(BpfScheduler *s);

/* Writes a live knob into the running program's memory. -ENOENT: it has no such knob. */
int bpf_scheduler_write_knob(BpfScheduler *s, const char *name, KnobValue value);

/* What must be kept for a later process to adopt it: the fds stay the scheduler's; -EBADF where there is none. */
typedef struct BpfSchedulerParts {
        int link_fd;
        int fds[LOADER_FDS_MAX];        /* in the order of the LOADER_FD_ bits */
        const LoaderGlobals *globals;
} BpfSchedulerParts;
void bpf_scheduler_parts(const BpfScheduler *s, BpfSchedulerParts *ret);
