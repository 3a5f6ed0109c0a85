/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What an exit means for what runs next. Pure: no clock, no I/O. */

#include "exit-kind.h"

typedef enum HealthVerdict {
        HEALTH_NEXT,            /* the scheduler failed: the next of the chain */
        HEALTH_RESTART,         /* nothing wrong with it: the same again */
        HEALTH_STAY,            /* a person decided: EEVDF until asked again */
        _HEALTH_VERDICT_MAX,
        _HEALTH_VERDICT_INVALID = -EINVAL,
} HealthVerdict;

DECLARE_STRING_TABLE(health_verdict, HealthVerdict);

/* So many restarts that the kernel asked for are granted to one activation within the window; then it counts as a failure: a
 * scheduler that asks for one on each start would otherwise loop for ever. */
#define HEALTH_RESTARTS_MAX 5u
#define HEALTH_RESTARTS_WINDOW_USEC (60 * UINT64_C(1000000))

/* recent_restarts: how many restarts were granted within the window before this exit. */
HealthVerdict health_judge(ExitKind kind, uint64_t code, unsigned recent_restarts);
