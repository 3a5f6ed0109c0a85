/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy.h"
#include "test.h"

/* A profile with a chain of up to three schedulers, without a catalog behind it: policy looks at nothing else. */
static Candidate chain[] = { { .scheduler = (char *) "one" }, { .scheduler = (char *) "two" }, { .scheduler = (char *) "three" } };

typedef struct Case {
        const char *name;
        bool unsupported;
        const char *foreign;
        StopReason stopped;
        const char *stopped_by;
        int n_candidates;               /* -1: nothing was chosen */
        const char *failures[3];
        PolicyKind kind;
        size_t candidate;
        const char *next;
        const char *why;
} Case;

static const Case cases[] = {
        { "nothing chosen", .n_candidates = -1, .kind = POLICY_NO_CHOICE, .candidate = ACTIVATION_EEVDF,
          .why = "no profile has been chosen" },
        { "no sched_ext beats a choice", .unsupported = true, .n_candidates = 2, .kind = POLICY_UNSUPPORTED,
          .candidate = ACTIVATION_EEVDF, .why = "this kernel has no sched_ext, so only its own EEVDF can run" },
        { "no sched_ext beats a foreign one", .unsupported = true, .foreign = "x", .n_candidates = -1, .kind = POLICY_UNSUPPORTED,
          .candidate = ACTIVATION_EEVDF, .why = "this kernel has no sched_ext, so only its own EEVDF can run" },
        { "a foreign one beats a choice", .foreign = "scx_other", .n_candidates = 2, .kind = POLICY_FOREIGN,
          .candidate = ACTIVATION_EEVDF, .why = "somebody else started scx_other; scxd leaves it alone" },
        { "a stop beats a choice", .stopped = STOP_CLIENT, .stopped_by = "root", .n_candidates = 2, .kind = POLICY_STOPPED,
          .candidate = ACTIVATION_EEVDF, .why = "root asked to stop: EEVDF until somebody switches again" },
        { "a stop by nobody in particular", .stopped = STOP_CLIENT, .n_candidates = -1, .kind = POLICY_STOPPED,
          .candidate = ACTIVATION_EEVDF, .why = "somebody asked to stop: EEVDF until somebody switches again" },
        { "the emergency stop", .stopped = STOP_SYSRQ, .n_candidates = -1, .kind = POLICY_STOPPED, .candidate = ACTIVATION_EEVDF,
          .why = "emergency stop (SysRq-S): EEVDF until somebody switches again" },
        { "detached by hand", .stopped = STOP_DETACHED, .n_candidates = -1, .kind = POLICY_STOPPED, .candidate = ACTIVATION_EEVDF,
          .why = "somebody detached the scheduler: EEVDF until somebody switches again" },
        { "a profile of no schedulers", .n_candidates = 0, .kind = POLICY_PLAIN, .candidate = ACTIVATION_EEVDF,
          .why = "root asked for p, which wants the kernel's own EEVDF" },
        { "the first", .n_candidates = 3, .kind = POLICY_SCHEDULER, .candidate = 0, .next = "two", .why = "root asked for p" },
        { "the only one", .n_candidates = 1, .kind = POLICY_SCHEDULER, .candidate = 0, .next = "eevdf", .why = "root asked for p" },
        { "the second after the first failed", .n_candidates = 3, .failures = { "was ejected" }, .kind = POLICY_SCHEDULER,
          .candidate = 1, .next = "three", .why = "root asked for p; one was ejected" },
        { "what follows has failed, too", .n_candidates = 3, .failures = { NULL, "needs more" }, .kind = POLICY_SCHEDULER,
          .candidate = 0, .next = "three", .why = "root asked for p" },
        { "nothing left after this one", .n_candidates = 3, .failures = { "a", NULL, "c" }, .kind = POLICY_SCHEDULER,
          .candidate = 1, .next = "eevdf", .why = "root asked for p; one a" },
        { "the end of the chain", .n_candidates = 2, .failures = { "a", "b" }, .kind = POLICY_EXHAUSTED,
          .candidate = ACTIVATION_EEVDF, .why = "root asked for p, but none of its schedulers can run; one a; two b" },
};

int main(void) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Case *c = &cases[i];
                Profile profile = { .name = (char *) "p", .candidates = chain,
                                    .n_candidates = c->n_candidates < 0 ? 0 : (size_t) c->n_candidates };
                Activation a = { .profile = &profile, .wish = (char *) "root", .failures = (char **) c->failures,
                                 .current = ACTIVATION_EEVDF };
                PolicyInput in = { .supported = !c->unsupported, .foreign = c->foreign, .stopped = c->stopped,
                                   .stopped_by = c->stopped_by, .activation = c->n_candidates < 0 ? NULL : &a };
                PolicyTarget t = policy_decide(&in);
                _cleanup_(freep) char *why = policy_explain(&in, &t);

                fprintf(stderr, "%s\n", c->name);
                ASSERT_EQ(t.kind, c->kind);
                ASSERT_EQ(t.candidate, c->candidate);
                ASSERT_STREQ(policy_next_if_failed(&in), c->next);
                ASSERT_STREQ(why, c->why);
        }

        for (StopReason r = 0; r < _STOP_REASON_MAX; r++)
                ASSERT_EQ(stop_reason_from_string(stop_reason_to_string(r)), r);
        ASSERT_EQ(stop_reason_from_string("nonsense"), -EINVAL);
        return 0;
}
