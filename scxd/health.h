/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the end of a scheduler means for what runs next. Pure: no clock, no I/O. */

#include "exit-kind.h"

typedef enum HealthVerdict {
        HEALTH_STAY,            /* a person decided: EEVDF until asked again */
        HEALTH_RESTART,         /* nothing wrong with it: the same again, at once */
        HEALTH_LATER,           /* it failed: the next of the chain, and this one again after a while */
        HEALTH_NOT_AGAIN,       /* it cannot be started: the next of the chain, and this one only if somebody asks again */
        HEALTH_QUARANTINE,      /* it failed too often: the next of the chain, and this one only when the quarantine is lifted */
        _HEALTH_VERDICT_MAX,
        _HEALTH_VERDICT_INVALID = -EINVAL,
} HealthVerdict;

DECLARE_STRING_TABLE(health_verdict, HealthVerdict);

/* So many restarts that the kernel asked for are granted to one activation within the window; then it counts as a failure: a
 * scheduler that asks for one on each start would otherwise loop for ever. */
#define HEALTH_RESTARTS_MAX 5u
#define HEALTH_RESTARTS_WINDOW_USEC (60 * UINT64_C(1000000))

/* A failed scheduler is tried again after this long, twice as long with each further failure, up to so many times as long (10 min).
 * After an hour without one it begins anew. */
#define HEALTH_BACKOFF_USEC (30 * UINT64_C(1000000))
#define HEALTH_BACKOFF_FACTOR_MAX 20u
#define HEALTH_MEMORY_USEC (60 * 60 * UINT64_C(1000000))

typedef struct HealthInput {
        ExitKind kind;
        uint64_t code;                  /* the kernel's */
        unsigned recent_restarts;       /* how many restarts were granted within the window before this exit */
        const uint64_t *failures;       /* when it failed before, by the clock of now_usec, in any order */
        size_t n_failures;
        unsigned restarts_max;          /* the profile's limits: more failures than this… */
        uint64_t restarts_window_usec;  /* …within this time are too many */
        uint64_t backoff_usec;          /* HEALTH_BACKOFF_USEC; shorter for tests */
        uint64_t now_usec;
} HealthInput;

typedef struct HealthDecision {
        HealthVerdict verdict;
        uint64_t delay_usec;            /* with HEALTH_LATER: until it is tried again */
        unsigned n_failures;            /* within the window, this one included; 0 where it does not count as one */
} HealthDecision;

HealthDecision health_judge(const HealthInput *in);
