/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the kernel says of sched_ext: /sys/kernel/sched_ext, and uevents as the hint to look again. */

#include <systemd/sd-event.h>

#include "object-info.h"

typedef enum KernelState {
        KERNEL_STATE_UNSUPPORTED,       /* no sched_ext in this kernel */
        KERNEL_STATE_DISABLED,
        KERNEL_STATE_ENABLING,
        KERNEL_STATE_ENABLED,
        KERNEL_STATE_DISABLING,
        _KERNEL_STATE_MAX,
        _KERNEL_STATE_INVALID = -EINVAL,
} KernelState;

DECLARE_STRING_TABLE(kernel_state, KernelState);

typedef struct KernelStatus {
        KernelState state;
        char ops[OBJECT_NAME_MAX];      /* root/ops; "" if no scheduler is loaded */
        uint64_t enable_seq;            /* how often a scheduler was enabled since boot */
} KernelStatus;

/* Reads below sysfs ("/sys"). Returns negative errno if sched_ext is there but cannot be read or understood. */
int kernel_read(const char *sysfs, KernelStatus *ret);

/* A state that it is passing through. */
static inline bool kernel_state_in_transition(KernelState s) {
        return s == KERNEL_STATE_ENABLING || s == KERNEL_STATE_DISABLING;
}

typedef struct KernelMonitor KernelMonitor;
typedef void (*kernel_monitor_handler_t)(void *userdata);

/* Calls the handler for each sched_ext uevent. An event is a hint only: it can precede what it announces (REMOVE does). */
int kernel_monitor_new(sd_event *event, kernel_monitor_handler_t handler, void *userdata, KernelMonitor **ret);
KernelMonitor *kernel_monitor_free(KernelMonitor *m);
DEFINE_POINTER_CLEANUP(KernelMonitor *, kernel_monitor_free);

/* True if this datagram is a sched_ext uevent ("ACTION@/kernel/sched_ext…" then NUL-separated KEY=value). Pure. */
bool kernel_uevent_is_sched_ext(const char *data, size_t size);
