/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "activation.h"

static const char *const out_kind_table[_OUT_KIND_MAX] = {
        [OUT_UNUSABLE] = "unusable",
        [OUT_START_FAILED] = "start-failed",
        [OUT_WAITING] = "waiting",
        [OUT_QUARANTINED] = "quarantined",
};

DEFINE_STRING_TABLE(out_kind, OutKind)

Activation *activation_free(Activation *a) {
        if (!a)
                return NULL;

        for (size_t i = 0; a->failures && i < a->profile->n_candidates; i++)
                free(a->failures[i]);
        free(a->failures);
        free(a->outs);
        free(a->wish);
        catalog_unref(a->catalog);
        return mfree(a);
}

char *quarantine_describe(const QuarantineEntry *e) {
        char *text;

        return asprintf(&text, "is in quarantine, because it failed too often%s%s", e->reason[0] ? ": it " : "", e->reason) < 0 ? NULL : text;
}

int activation_new(Catalog *catalog, const Profile *profile, const char *wish, const KernelFeatures *features,
                   const Quarantine *quarantine, Activation **ret) {
        _cleanup_(activation_freep) Activation *a = NULL;
        int r;

        a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;

        a->catalog = catalog_ref(catalog);
        a->profile = profile;
        a->current = ACTIVATION_EEVDF;
        a->wish = strdup(wish);
        a->failures = calloc(MAX(profile->n_candidates, (size_t) 1), sizeof(char *));
        a->outs = calloc(MAX(profile->n_candidates, (size_t) 1), sizeof(CandidateOut));
        if (!a->wish || !a->failures || !a->outs)
                return -ENOMEM;

        for (size_t i = 0; i < profile->n_candidates; i++) {
                const Scheduler *s = activation_scheduler(a, i);
                const QuarantineEntry *held;
                _cleanup_(freep) char *why = NULL;

                if (!s) {
                        r = activation_fail(a, i, OUT_UNUSABLE, 0, "is not defined");
                        if (r < 0)
                                return r;
                        continue;
                }
                if (s->problem) {
                        if (asprintf(&why, "cannot be used: %s", s->problem) < 0)
                                return -ENOMEM;
                        r = activation_fail(a, i, OUT_UNUSABLE, 0, why);
                        if (r < 0)
                                return r;
                        continue;
                }
                r = kernel_features_check(features, s->requires, s->n_requires, &why);
                if (r < 0)
                        return r;
                if (why) {
                        r = activation_fail(a, i, OUT_UNUSABLE, 0, why);
                        if (r < 0)
                                return r;
                        continue;
                }
                held = quarantine ? quarantine_holds(quarantine, s->name, s->object_path) : NULL;
                if (held) {
                        why = quarantine_describe(held);
                        r = why ? activation_fail(a, i, OUT_QUARANTINED, 0, why) : -ENOMEM;
                        if (r < 0)
                                return r;
                }
        }

        *ret = TAKE_PTR(a);
        return 0;
}

const Candidate *activation_candidate(const Activation *a, size_t i) {
        return a && i < a->profile->n_candidates ? &a->profile->candidates[i] : NULL;
}

const Scheduler *activation_scheduler(const Activation *a, size_t i) {
        const Candidate *c = activation_candidate(a, i);

        return c ? catalog_find_scheduler(a->catalog, c->scheduler) : NULL;
}

const char *activation_current_name(const Activation *a) {
        const Candidate *c = a ? activation_candidate(a, a->current) : NULL;

        return c ? c->scheduler : "eevdf";
}

int activation_fail(Activation *a, size_t i, OutKind kind, uint64_t retry_usec, const char *why) {
        const Scheduler *s = activation_scheduler(a, i);
        char *line;

        assert(i < a->profile->n_candidates);

        line = strndup(why, strcspn(why, "\n"));
        if (!line)
                return -ENOMEM;
        free(a->failures[i]);
        a->failures[i] = line;
        a->outs[i] = (CandidateOut) { .kind = kind, .retry_usec = retry_usec };
        if (kind == OUT_START_FAILED && s)
                object_identity_read(s->object_path, &a->outs[i].object);
        return 0;
}

void activation_clear(Activation *a, size_t i) {
        a->failures[i] = mfree(a->failures[i]);
        a->outs[i] = (CandidateOut) {};
}

size_t activation_next_retry(const Activation *a, uint64_t *ret_usec) {
        size_t found = ACTIVATION_EEVDF;

        for (size_t i = 0; i < a->profile->n_candidates; i++)
                if (a->failures[i] && a->outs[i].kind == OUT_WAITING &&
                    (found == ACTIVATION_EEVDF || a->outs[i].retry_usec < a->outs[found].retry_usec))
                        found = i;
        if (found != ACTIVATION_EEVDF)
                *ret_usec = a->outs[found].retry_usec;
        return found;
}

bool activation_knob_value(const Activation *a, size_t i, const Knob *k, KnobValue *ret) {
        const Candidate *c = activation_candidate(a, i);

        for (size_t n = 0; c && n < c->n_settings; n++)
                if (streq(c->settings[n].name, k->name)) {
                        *ret = c->settings[n].value;
                        return true;
                }
        if (k->has_default)
                *ret = k->def;
        return k->has_default;
}

ActivationStep activation_step(const Activation *a, size_t i, const Activation *b, size_t j) {
        const Scheduler *s = activation_scheduler(a, i), *t = activation_scheduler(b, j);
        ActivationStep step = ACTIVATION_SAME;

        if (!s || !t)
                return ACTIVATION_SWITCH;
        if (!streq(s->name, t->name) || !streq_ptr(s->object_path, t->object_path) ||
            a->profile->stall_timeout_usec != b->profile->stall_timeout_usec || s->n_knobs != t->n_knobs)
                return ACTIVATION_SWITCH;

        /* What counts is the value that each knob ends up with, set by the profile or by default. */
        for (size_t n = 0; n < s->n_knobs; n++) {
                const Knob *p = &s->knobs[n], *q = scheduler_find_knob(t, p->name);
                KnobValue v = 0, w = 0;
                bool in_a, in_b;

                if (!q || p->type != q->type || p->set != q->set)
                        return ACTIVATION_SWITCH;
                in_a = activation_knob_value(a, i, p, &v);
                in_b = activation_knob_value(b, j, q, &w);
                if (in_a == in_b && (!in_a || v == w))
                        continue;
                /* Without a value on the new side only a reload brings back the object's own. */
                if (p->set != KNOB_SET_LIVE || !in_b)
                        return ACTIVATION_SWITCH;
                step = ACTIVATION_LIVE;
        }
        return step;
}

unsigned activation_recent_restarts(const Activation *a, uint64_t now_usec) {
        unsigned n = 0;

        for (size_t i = 0; i < ELEMENTSOF(a->restarts); i++)
                if (a->restarts[i] > 0 && now_usec - a->restarts[i] < HEALTH_RESTARTS_WINDOW_USEC)
                        n++;
        return n;
}

void activation_note_restart(Activation *a, uint64_t now_usec) {
        size_t oldest = 0;

        for (size_t i = 1; i < ELEMENTSOF(a->restarts); i++)
                if (a->restarts[i] < a->restarts[oldest])
                        oldest = i;
        a->restarts[oldest] = now_usec;
}
