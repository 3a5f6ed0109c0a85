/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "policy.h"

static const char *const stop_reason_table[_STOP_REASON_MAX] = {
        [STOP_NONE] = "none",
        [STOP_CLIENT] = "client",
        [STOP_SYSRQ] = "sysrq",
        [STOP_DETACHED] = "detached",
};

DEFINE_STRING_TABLE(stop_reason, StopReason)

/* The first candidate from i on that nothing is known against. */
static size_t first_usable(const Activation *a, size_t i) {
        for (; i < a->profile->n_candidates; i++)
                if (!a->failures[i])
                        return i;
        return ACTIVATION_EEVDF;
}

PolicyTarget policy_decide(const PolicyInput *in) {
        PolicyTarget t = { .candidate = ACTIVATION_EEVDF };

        if (!in->supported)
                t.kind = POLICY_UNSUPPORTED;
        else if (in->foreign)
                t.kind = POLICY_FOREIGN;
        else if (in->stopped != STOP_NONE)
                t.kind = POLICY_STOPPED;
        else if (!in->activation)
                t.kind = POLICY_NO_CHOICE;
        else if (in->activation->profile->n_candidates == 0)
                t.kind = POLICY_PLAIN;
        else {
                t.candidate = first_usable(in->activation, 0);
                t.kind = t.candidate == ACTIVATION_EEVDF ? POLICY_EXHAUSTED : POLICY_SCHEDULER;
        }
        return t;
}

size_t policy_next_candidate(const PolicyInput *in) {
        PolicyTarget t = policy_decide(in);

        return t.kind == POLICY_SCHEDULER ? first_usable(in->activation, t.candidate + 1) : ACTIVATION_EEVDF;
}

const char *policy_next_if_failed(const PolicyInput *in) {
        const Candidate *c;

        if (policy_decide(in).kind != POLICY_SCHEDULER)
                return NULL;
        c = activation_candidate(in->activation, policy_next_candidate(in));
        return c ? c->scheduler : "eevdf";
}

/* "latency: why; interactive: why" of the candidates before the end, "" if none failed. */
static char *explain_failures(const Activation *a, size_t end) {
        char *text = NULL;
        size_t size = 0;
        FILE *f;

        f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        for (size_t i = 0; i < end && i < a->profile->n_candidates; i++)
                if (a->failures[i])
                        fprintf(f, "; %s %s", a->profile->candidates[i].scheduler, a->failures[i]);
        if (fclose(f) != 0)
                return mfree(text);
        return text;
}

char *policy_explain(const PolicyInput *in, const PolicyTarget *target) {
        const Activation *a = in->activation;
        _cleanup_(freep) char *failures = NULL;
        char *text = NULL;
        int r = -1;

        if (a) {
                failures = explain_failures(a, target->candidate);
                if (!failures)
                        return NULL;
        }

        switch (target->kind) {
        case POLICY_UNSUPPORTED:
                r = asprintf(&text, "this kernel has no sched_ext, so only its own EEVDF can run");
                break;
        case POLICY_FOREIGN:
                r = asprintf(&text, "somebody else started %s; scxd leaves it alone", in->foreign);
                break;
        case POLICY_STOPPED:
                if (in->stopped == STOP_SYSRQ)
                        r = asprintf(&text, "emergency stop (SysRq-S): EEVDF until somebody switches again");
                else if (in->stopped == STOP_DETACHED)
                        r = asprintf(&text, "somebody detached the scheduler: EEVDF until somebody switches again");
                else
                        r = asprintf(&text, "%s asked to stop: EEVDF until somebody switches again",
                                     in->stopped_by ? in->stopped_by : "somebody");
                break;
        case POLICY_NO_CHOICE:
                r = asprintf(&text, "no profile has been chosen");
                break;
        case POLICY_PLAIN:
                r = asprintf(&text, "%s asked for %s, which wants the kernel's own EEVDF", a->wish, a->profile->name);
                break;
        case POLICY_SCHEDULER:
                r = asprintf(&text, "%s asked for %s%s%s", a->wish, a->profile->name, failures,
                             a->adopted ? "; adopted from the scxd before" : "");
                break;
        case POLICY_EXHAUSTED:
                r = asprintf(&text, "%s asked for %s, but none of its schedulers can run%s", a->wish, a->profile->name, failures);
                break;
        default:
                assert(false);
        }
        return r < 0 ? NULL : text;
}
