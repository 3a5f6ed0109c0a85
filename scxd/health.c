/* SPDX-License-Identifier: GPL-2.0-only */
#include "health.h"

static const char *const health_verdict_table[_HEALTH_VERDICT_MAX] = {
        [HEALTH_NEXT] = "next",
        [HEALTH_RESTART] = "restart",
        [HEALTH_STAY] = "stay",
};

DEFINE_STRING_TABLE(health_verdict, HealthVerdict)

HealthVerdict health_judge(ExitKind kind, uint64_t code, unsigned recent_restarts) {
        switch (kind) {
        case EXIT_KIND_SYSRQ:           /* never undone */
        case EXIT_KIND_UNREGISTERED:    /* somebody detached it by hand: theirs to decide, too */
                return HEALTH_STAY;
        case EXIT_KIND_UNREGISTERED_BPF:
        case EXIT_KIND_UNREGISTERED_KERNEL:
                if (exit_code_asks_restart(code) && recent_restarts < HEALTH_RESTARTS_MAX)
                        return HEALTH_RESTART;
                return HEALTH_NEXT;
        default:
                return HEALTH_NEXT;
        }
}
