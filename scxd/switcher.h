/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Brings the kernel to one scheduler: prepare → swap → verify → commit | roll back. Knows nothing of profiles, wishes or chains.
 * Nothing else in scxd attaches or detaches. */

#include "backend-bpf.h"
#include "exit-kind.h"
#include "expedite.h"
#include "kernel.h"
#include "loader.h"
#include "profile.h"

typedef struct Switcher Switcher;

typedef enum SwitchStage {
        SWITCH_STAGE_LOAD,      /* before the swap: the scheduler that ran was not touched */
        SWITCH_STAGE_SWAP,      /* attach, or the look at the kernel afterwards */
        _SWITCH_STAGE_MAX,
        _SWITCH_STAGE_INVALID = -EINVAL,
} SwitchStage;

typedef struct SwitchResult {
        int error;                              /* 0: the kernel runs it; -EBUSY: somebody else's runs; else it failed */
        SwitchStage stage;                      /* where it failed */
        ExitKind kind;                          /* how it failed */
        const char *message;                    /* why it failed, for a person */
        const struct scxd_exit_event *exit;     /* the kernel's own words if it was ejected at once; else NULL */
        bool emergency_stop;                    /* SysRq-S was pressed meanwhile: nothing runs and nothing may be started */
        bool previous_lost;                     /* after a failed swap the previous scheduler could not be brought back */
} SwitchResult;

/* What is passed to a handler is valid during the call only. */
typedef void (*switcher_done_t)(Switcher *s, const SwitchResult *result, void *userdata);

/* The running scheduler ended without our doing. It is detached already. exit is NULL if it left no word. */
typedef void (*switcher_ejected_t)(Switcher *s, const struct scxd_exit_event *exit, void *userdata);

/* A standby is ready (error 0), or could not be loaded: kind is how it failed. */
typedef void (*switcher_prepared_t)(Switcher *s, int error, ExitKind kind, const char *message, void *userdata);

/* runtime_directory must outlive the switcher; NULL: RCU grace periods are left as they are (see expedite.h). */
int switcher_new(sd_event *event, const char *sysfs, const char *loader_path, const char *runtime_directory,
                 switcher_ejected_t ejected, void *userdata, Switcher **ret);

/* Detaches what runs, unless switcher_leave() was called. Returns NULL. */
Switcher *switcher_free(Switcher *s);
DEFINE_POINTER_CLEANUP(Switcher *, switcher_free);

/* Starts bringing the kernel to this scheduler with these settings; done is called later, from the event loop, or from within if this
 * is the standby. candidate must live until then. stall_timeout_usec 0 leaves it to the scheduler. -EBUSY if one is on its way already. */
int switcher_start(Switcher *s, const Scheduler *scheduler, const Candidate *candidate, uint64_t stall_timeout_usec,
                   switcher_done_t done, void *userdata);

/* Loads what would be needed if the current scheduler failed, so that it only has to be attached then: replaces an earlier standby.
 * candidate tells it apart and must live until the standby is dropped. -EBUSY while a switch is on its way. */
int switcher_prepare(Switcher *s, const Scheduler *scheduler, const Candidate *candidate, uint64_t stall_timeout_usec,
                     switcher_prepared_t prepared, void *userdata);
void switcher_drop_standby(Switcher *s);

/* Whom the standby is for, ready or on its way; NULL if there is none. */
const Candidate *switcher_standby(const Switcher *s);

/* Forgets what is on its way: its handler is not called. What runs goes on running. */
void switcher_cancel(Switcher *s);

/* Detaches what runs (and cancels what is on its way). If it turns out to have been ejected just before, *ret_exit is the kernel's
 * word on it (the caller's to free), else NULL. */
void switcher_stop(Switcher *s, struct scxd_exit_event **ret_exit);

/* Writes a live knob of the running scheduler. -ENOENT: nothing runs, or it has no such knob. */
int switcher_write_knob(Switcher *s, const char *name, KnobValue value);

/* For the fd store: counts the schedulers that have become current or have ceased to be. */
uint64_t switcher_generation(const Switcher *s);
/* The current scheduler's parts; false if there is none. */
bool switcher_parts(const Switcher *s, BpfSchedulerParts *ret, const char **ret_ops_name, uint64_t *ret_enable_seq);

/* Takes over a scheduler that an earlier process left attached. Returns 0 if the kernel runs it; -ESTALE if it does not any more: it
 * is detached then, and *ret_exit is the kernel's word on its end (the caller's to free), NULL if there is none. Takes over the fds
 * (of the reply's bits, and the link). */
int switcher_adopt(Switcher *s, const LoaderReply *reply, int *fds, size_t n_fds, int link_fd, uint64_t enable_seq,
                   struct scxd_exit_event **ret_exit);

bool switcher_is_busy(const Switcher *s);
/* Whether RCU grace periods are expedited during a swap (they are, by default). */
void switcher_set_expedite(Switcher *s, bool on);

/* What runs stays attached when the switcher is freed: systemd holds its link. */
void switcher_leave(Switcher *s);

bool switcher_has_current(const Switcher *s);   /* a scheduler of ours is attached, as far as we have heard */

/* Compares what we think with what the kernel says; calls the ejected handler if they differ. */
void switcher_check(Switcher *s, const KernelStatus *kernel);

/* Fills the loader's request. Pure. Returns -E2BIG if a path or the knobs do not fit. */
int switcher_fill_request(const Scheduler *scheduler, const Candidate *candidate, uint64_t stall_timeout_usec, LoaderRequest *ret);
