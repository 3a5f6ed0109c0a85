/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>

#include "policy.h"

static const char *const stop_reason_table[_STOP_REASON_MAX] = {
        [STOP_NONE] = "none",
        [STOP_CLIENT] = "client",
        [STOP_SYSRQ] = "sysrq",
        [STOP_DETACHED] = "detached",
};

DEFINE_STRING_TABLE(stop_reason, StopReason)

static const char *const step_kind_table[_STEP_KIND_MAX] = {
        [STEP_KERNEL] = "kernel",
        [STEP_WISH] = "wish",
        [STEP_CANDIDATE] = "candidate",
        [STEP_RESULT] = "result",
        [STEP_NEXT] = "next",
};

DEFINE_STRING_TABLE(step_kind, StepKind)

/* The first candidate from i on that nothing is known against, or that is to be tried again. */
static size_t first_usable(const PolicyInput *in, size_t i) {
        const Activation *a = in->activation;

        for (; i < a->profile->n_candidates; i++)
                if (!a->failures[i] || in->retried == i + 1)
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
                t.candidate = first_usable(in, 0);
                t.kind = t.candidate == ACTIVATION_EEVDF ? POLICY_EXHAUSTED : POLICY_SCHEDULER;
        }
        return t;
}

size_t policy_next_candidate(const PolicyInput *in) {
        PolicyTarget t = policy_decide(in);

        return t.kind == POLICY_SCHEDULER ? first_usable(in, t.candidate + 1) : ACTIVATION_EEVDF;
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

/* --- the derivation --- */

typedef struct Derivation {
        PolicyStep *steps;
        size_t n;
        bool failed;
} Derivation;

static PolicyStep *add_step(Derivation *d, StepKind kind, const char *scheduler, const char *state, const char *format, ...)
        _printf_(5, 6);

static PolicyStep *add_step(Derivation *d, StepKind kind, const char *scheduler, const char *state, const char *format, ...) {
        PolicyStep *s = &d->steps[d->n];
        va_list ap;

        assert(d->n < POLICY_STEPS_MAX);
        *s = (PolicyStep) { .kind = kind, .scheduler = scheduler, .state = state };
        va_start(ap, format);
        if (vasprintf(&s->text, format, ap) < 0) {
                s->text = NULL;
                d->failed = true;
        }
        va_end(ap);
        d->n++;
        return s;
}

static void add_wish(Derivation *d, const PolicyInput *in) {
        const Activation *a = in->activation;

        switch (in->stopped) {
        case STOP_NONE:
                break;
        case STOP_SYSRQ:
                add_step(d, STEP_WISH, "", "", "Somebody pressed the emergency stop (SysRq-S)");
                return;
        case STOP_DETACHED:
                add_step(d, STEP_WISH, "", "", "Somebody detached the scheduler");
                return;
        default:
                add_step(d, STEP_WISH, "", "", "%s asked to stop", in->stopped_by ? in->stopped_by : "Somebody");
                return;
        }
        if (a)
                add_step(d, STEP_WISH, "", "", "%s asked for profile %s%s", a->wish, a->profile->name,
                         a->profile->n_candidates == 0 ? ", which wants the kernel's own EEVDF" : "");
        else
                add_step(d, STEP_WISH, "", "", "Nobody has chosen a profile");
}

static void add_candidate(Derivation *d, const Activation *a, size_t i, bool running) {
        const char *name = a->profile->candidates[i].scheduler, *hint = "";

        if (running && a->current == i) {
                add_step(d, STEP_CANDIDATE, name, "runs", "%s runs%s", name, a->adopted ? ", adopted from the scxd before" : "");
                return;
        }
        if (!a->failures[i]) {
                add_step(d, STEP_CANDIDATE, name, "ready", "%s can run", name);
                return;
        }
        if (a->outs[i].kind == OUT_START_FAILED)
                hint = "; it is not tried again before somebody asks, its object changes or scxd is restarted";
        add_step(d, STEP_CANDIDATE, name, out_kind_to_string(a->outs[i].kind), "%s %s%s", name, a->failures[i], hint)->retry_usec =
                a->outs[i].kind == OUT_WAITING ? a->outs[i].retry_usec : 0;
}

int policy_derive(const PolicyInput *in, bool running, PolicyStep steps[static POLICY_STEPS_MAX]) {
        PolicyTarget t = policy_decide(in);
        Derivation d = { .steps = steps };
        const Activation *a = in->activation;
        const char *next;

        if (t.kind == POLICY_UNSUPPORTED)
                add_step(&d, STEP_KERNEL, "", "", "This kernel has no sched_ext");
        else if (t.kind == POLICY_FOREIGN)
                add_step(&d, STEP_KERNEL, "", "", "The kernel runs %s, which somebody else started", in->foreign);
        add_wish(&d, in);
        for (size_t i = 0; a && in->stopped == STOP_NONE && i < a->profile->n_candidates; i++)
                add_candidate(&d, a, i, running);

        switch (t.kind) {
        case POLICY_SCHEDULER: {
                const char *name = activation_candidate(a, t.candidate)->scheduler;

                if (running && a->current == t.candidate)
                        add_step(&d, STEP_RESULT, name, "", "So %s runs: it is the first that can", name);
                else
                        add_step(&d, STEP_RESULT, name, "", "So %s should run, and %s does", name,
                                 running ? activation_current_name(a) : "EEVDF");
                next = policy_next_if_failed(in);
                add_step(&d, STEP_NEXT, next, "", "If it failed, %s would take over",
                         streq(next, "eevdf") ? "the kernel's own EEVDF" : next);
                break;
        }
        case POLICY_FOREIGN:
                add_step(&d, STEP_RESULT, "", "", "So it is left alone");
                break;
        case POLICY_EXHAUSTED:
                add_step(&d, STEP_RESULT, "eevdf", "", "So the kernel's own EEVDF runs: none of the profile's schedulers can");
                break;
        case POLICY_STOPPED:
                add_step(&d, STEP_RESULT, "eevdf", "", "So the kernel's own EEVDF runs, until somebody switches again");
                break;
        default:
                add_step(&d, STEP_RESULT, "eevdf", "", "So the kernel's own EEVDF runs");
        }

        if (d.failed) {
                policy_steps_done(steps, d.n);
                return -ENOMEM;
        }
        return (int) d.n;
}

void policy_steps_done(PolicyStep *steps, size_t n) {
        for (size_t i = 0; i < n; i++)
                steps[i].text = mfree(steps[i].text);
}
