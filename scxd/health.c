/* SPDX-License-Identifier: GPL-2.0-only */
#include "health.h"

static const char *const health_verdict_table[_HEALTH_VERDICT_MAX] = {
        [HEALTH_STAY] = "stay",
        [HEALTH_RESTART] = "restart",
        [HEALTH_LATER] = "later",
        [HEALTH_NOT_AGAIN] = "not-again",
        [HEALTH_QUARANTINE] = "quarantine",
};

DEFINE_STRING_TABLE(health_verdict, HealthVerdict)

static unsigned count_within(const HealthInput *in, uint64_t window_usec) {
        unsigned n = 0;

        /* A time in the future is none that this clock has shown. */
        for (size_t i = 0; i < in->n_failures; i++)
                if (in->failures[i] <= in->now_usec && in->now_usec - in->failures[i] < window_usec)
                        n++;
        return n;
}

static HealthDecision judge_failure(const HealthInput *in) {
        HealthDecision d = { .n_failures = count_within(in, in->restarts_window_usec) + 1 };
        unsigned before;

        if (d.n_failures > in->restarts_max) {
                d.verdict = HEALTH_QUARANTINE;
                return d;
        }

        /* Not by the profile's window: with one shorter than the delay each failure would look like the first. */
        before = count_within(in, MAX(in->restarts_window_usec, HEALTH_MEMORY_USEC));
        d.verdict = HEALTH_LATER;
        d.delay_usec = in->backoff_usec * (before < 5 ? MIN(1u << before, HEALTH_BACKOFF_FACTOR_MAX) : HEALTH_BACKOFF_FACTOR_MAX);
        return d;
}

HealthDecision health_judge(const HealthInput *in) {
        switch (in->kind) {
        case EXIT_KIND_SYSRQ:           /* never undone */
        case EXIT_KIND_UNREGISTERED:    /* somebody detached it by hand: theirs to decide, too */
        case EXIT_KIND_STOPPED:
                return (HealthDecision) { .verdict = HEALTH_STAY };
        case EXIT_KIND_OBJECT_MISSING:
        case EXIT_KIND_VERIFIER_REFUSED:
        case EXIT_KIND_INIT_FAILED:
        case EXIT_KIND_LOAD_FAILED:     /* trying the same again would end the same */
                return (HealthDecision) { .verdict = HEALTH_NOT_AGAIN };
        case EXIT_KIND_UNREGISTERED_BPF:
        case EXIT_KIND_UNREGISTERED_KERNEL:
                if (exit_code_asks_restart(in->code) && in->recent_restarts < HEALTH_RESTARTS_MAX)
                        return (HealthDecision) { .verdict = HEALTH_RESTART };
                return judge_failure(in);
        default:
                return judge_failure(in);
        }
}
