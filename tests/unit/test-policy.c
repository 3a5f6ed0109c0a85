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
        size_t retried;
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
        { "the first is tried again", .n_candidates = 2, .failures = { "a", NULL }, .retried = 1, .kind = POLICY_SCHEDULER, .candidate = 0,
          .next = "two", .why = "root asked for p" },
        { "the last is tried again", .n_candidates = 2, .failures = { "a", "b" }, .retried = 2, .kind = POLICY_SCHEDULER, .candidate = 1,
          .next = "eevdf", .why = "root asked for p; one a" },
        { "one that would not be used anyway", .n_candidates = 2, .failures = { NULL, "b" }, .retried = 2, .kind = POLICY_SCHEDULER,
          .candidate = 0, .next = "two", .why = "root asked for p" },
        { "a stop beats trying again", .stopped = STOP_CLIENT, .stopped_by = "root", .n_candidates = 1, .failures = { "a" }, .retried = 1,
          .kind = POLICY_STOPPED, .candidate = ACTIVATION_EEVDF, .why = "root asked to stop: EEVDF until somebody switches again" },
        { "a foreign one beats trying again", .foreign = "x", .n_candidates = 1, .failures = { "a" }, .retried = 1, .kind = POLICY_FOREIGN,
          .candidate = ACTIVATION_EEVDF, .why = "somebody else started x; scxd leaves it alone" },
};

/* The whole derivation, a line for each step: "kind scheduler state retry: text". */
static const struct {
        const char *name;
        bool unsupported, running;
        const char *foreign;
        StopReason stopped;
        int n_candidates;
        const char *failures[3];
        CandidateOut outs[3];
        size_t current;
        const char *steps;
} derivations[] = {
        { "nothing chosen", .n_candidates = -1, .steps =
          "wish   0: Nobody has chosen a profile\n"
          "result eevdf  0: So the kernel's own EEVDF runs\n" },
        { "no sched_ext", .unsupported = true, .n_candidates = 1, .steps =
          "kernel   0: This kernel has no sched_ext\n"
          "wish   0: root asked for profile p\n"
          "candidate one ready 0: one can run\n"
          "result eevdf  0: So the kernel's own EEVDF runs\n" },
        { "foreign", .foreign = "scx_x", .n_candidates = -1, .steps =
          "kernel   0: The kernel runs scx_x, which somebody else started\n"
          "wish   0: Nobody has chosen a profile\n"
          "result   0: So it is left alone\n" },
        { "stopped", .stopped = STOP_SYSRQ, .n_candidates = -1, .steps =
          "wish   0: Somebody pressed the emergency stop (SysRq-S)\n"
          "result eevdf  0: So the kernel's own EEVDF runs, until somebody switches again\n" },
        { "detached", .stopped = STOP_DETACHED, .n_candidates = -1, .steps =
          "wish   0: Somebody detached the scheduler\n"
          "result eevdf  0: So the kernel's own EEVDF runs, until somebody switches again\n" },
        { "plain", .n_candidates = 0, .steps =
          "wish   0: root asked for profile p, which wants the kernel's own EEVDF\n"
          "result eevdf  0: So the kernel's own EEVDF runs\n" },
        { "the first runs", .running = true, .n_candidates = 2, .steps =
          "wish   0: root asked for profile p\n"
          "candidate one runs 0: one runs\n"
          "candidate two ready 0: two can run\n"
          "result one  0: So one runs: it is the first that can\n"
          "next two  0: If it failed, two would take over\n" },
        { "the last runs", .running = true, .n_candidates = 3, .failures = { "is in quarantine", "was ejected" },
          .outs = { { .kind = OUT_QUARANTINED }, { .kind = OUT_WAITING, .retry_usec = 77 } }, .current = 2, .steps =
          "wish   0: root asked for profile p\n"
          "candidate one quarantined 0: one is in quarantine\n"
          "candidate two waiting 77: two was ejected\n"
          "candidate three runs 0: three runs\n"
          "result three  0: So three runs: it is the first that can\n"
          "next eevdf  0: If it failed, the kernel's own EEVDF would take over\n" },
        { "none can", .n_candidates = 2, .failures = { "needs more", "was refused" },
          .outs = { { .kind = OUT_UNUSABLE }, { .kind = OUT_START_FAILED } }, .current = ACTIVATION_EEVDF, .steps =
          "wish   0: root asked for profile p\n"
          "candidate one unusable 0: one needs more\n"
          "candidate two start-failed 0: two was refused; it is not tried again before somebody asks, its object changes or scxd is restarted\n"
          "result eevdf  0: So the kernel's own EEVDF runs: none of the profile's schedulers can\n" },
        { "on its way", .running = true, .n_candidates = 2, .current = 1, .steps =
          "wish   0: root asked for profile p\n"
          "candidate one ready 0: one can run\n"
          "candidate two runs 0: two runs\n"
          "result one  0: So one should run, and two does\n"
          "next two  0: If it failed, two would take over\n" },
};

static void test_derive(void) {
        for (size_t i = 0; i < ELEMENTSOF(derivations); i++) {
                int n_candidates = derivations[i].n_candidates, n;
                Profile profile = { .name = (char *) "p", .candidates = chain, .n_candidates = n_candidates < 0 ? 0 : (size_t) n_candidates };
                CandidateOut outs[3];
                Activation a = { .profile = &profile, .wish = (char *) "root", .failures = (char **) derivations[i].failures,
                                 .outs = outs, .current = derivations[i].current };
                PolicyInput in = { .supported = !derivations[i].unsupported, .foreign = derivations[i].foreign,
                                   .stopped = derivations[i].stopped, .activation = n_candidates < 0 ? NULL : &a };
                PolicyStep steps[POLICY_STEPS_MAX];
                char text[4096] = "";
                size_t k = 0;

                fprintf(stderr, "%s\n", derivations[i].name);
                memcpy(outs, derivations[i].outs, sizeof(outs));
                n = ASSERT_OK(policy_derive(&in, derivations[i].running, steps));
                for (int j = 0; j < n; j++)
                        k += (size_t) snprintf(text + k, sizeof(text) - k, "%s %s %s %llu: %s\n", step_kind_to_string(steps[j].kind),
                                               steps[j].scheduler, steps[j].state, (unsigned long long) steps[j].retry_usec, steps[j].text);
                ASSERT_STREQ(text, derivations[i].steps);
                policy_steps_done(steps, (size_t) n);
        }
}

int main(void) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Case *c = &cases[i];
                Profile profile = { .name = (char *) "p", .candidates = chain,
                                    .n_candidates = c->n_candidates < 0 ? 0 : (size_t) c->n_candidates };
                Activation a = { .profile = &profile, .wish = (char *) "root", .failures = (char **) c->failures,
                                 .current = ACTIVATION_EEVDF };
                PolicyInput in = { .supported = !c->unsupported, .foreign = c->foreign, .stopped = c->stopped,
                                   .stopped_by = c->stopped_by, .activation = c->n_candidates < 0 ? NULL : &a, .retried = c->retried };
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
        test_derive();
        return 0;
}
