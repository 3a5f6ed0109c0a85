/* SPDX-License-Identifier: GPL-2.0-only */
#include "health.h"
#include "test.h"

#define RESTART (UINT64_C(1) << 48)
#define HOTPLUG (UINT64_C(1) << 32)

#define S UINT64_C(1000000)
#define MIN_ (60 * S)
#define NOW (10000 * S)

static const struct {
        ExitKind kind;
        uint64_t code;
        unsigned restarts;
        HealthVerdict verdict;
} cases[] = {
        { EXIT_KIND_STOPPED, 0, 0, HEALTH_STAY },
        { EXIT_KIND_SYSRQ, 0, 0, HEALTH_STAY },
        { EXIT_KIND_SYSRQ, RESTART, 0, HEALTH_STAY },   /* whatever the code says: a person decided */
        { EXIT_KIND_UNREGISTERED, 0, 0, HEALTH_STAY },
        { EXIT_KIND_UNREGISTERED_KERNEL, RESTART | HOTPLUG, 0, HEALTH_RESTART },
        { EXIT_KIND_UNREGISTERED_KERNEL, RESTART | HOTPLUG, HEALTH_RESTARTS_MAX - 1, HEALTH_RESTART },
        { EXIT_KIND_UNREGISTERED_KERNEL, RESTART | HOTPLUG, HEALTH_RESTARTS_MAX, HEALTH_LATER },
        { EXIT_KIND_UNREGISTERED_KERNEL, HOTPLUG, 0, HEALTH_LATER },
        { EXIT_KIND_UNREGISTERED_BPF, RESTART, 0, HEALTH_RESTART },
        { EXIT_KIND_UNREGISTERED_BPF, 42, 0, HEALTH_LATER },
        { EXIT_KIND_PARENT, 0, 0, HEALTH_LATER },
        { EXIT_KIND_ERROR, RESTART, 0, HEALTH_LATER },  /* an error is an error */
        { EXIT_KIND_ERROR_BPF, 0, 0, HEALTH_LATER },
        { EXIT_KIND_STALL, 0, 0, HEALTH_LATER },
        { EXIT_KIND_ERROR_REENQ, 0, 0, HEALTH_LATER },
        { EXIT_KIND_ERROR_RESCUE, 0, 0, HEALTH_LATER },
        { EXIT_KIND_LATE, 0, 0, HEALTH_LATER },
        { EXIT_KIND_OBJECT_MISSING, 0, 0, HEALTH_NOT_AGAIN },
        { EXIT_KIND_VERIFIER_REFUSED, 0, 0, HEALTH_NOT_AGAIN },
        { EXIT_KIND_INIT_FAILED, RESTART, 0, HEALTH_NOT_AGAIN },
        { EXIT_KIND_LOAD_FAILED, 0, 0, HEALTH_NOT_AGAIN },
        { EXIT_KIND_VANISHED, 0, 0, HEALTH_LATER },
        { EXIT_KIND_UNKNOWN, RESTART, 0, HEALTH_LATER },
};

/* What becomes of a stall after these earlier failures, each so long ago. */
static const struct {
        const char *name;
        unsigned max;
        uint64_t window;
        unsigned n;
        uint64_t ago[8];
        HealthVerdict verdict;
        uint64_t delay;
        unsigned n_failures;
} series[] = {
        { "the first", 3, 10 * MIN_, 0, {}, HEALTH_LATER, 30 * S, 1 },
        { "the second", 3, 10 * MIN_, 1, { 40 * S }, HEALTH_LATER, 60 * S, 2 },
        { "the third", 3, 10 * MIN_, 2, { 40 * S, 2 * MIN_ }, HEALTH_LATER, 120 * S, 3 },
        { "one too many", 3, 10 * MIN_, 3, { 40 * S, 2 * MIN_, 5 * MIN_ }, HEALTH_QUARANTINE, 0, 4 },
        { "the order does not matter", 3, 10 * MIN_, 3, { 5 * MIN_, 40 * S, 2 * MIN_ }, HEALTH_QUARANTINE, 0, 4 },
        { "the oldest is out of the window", 3, 10 * MIN_, 3, { 40 * S, 2 * MIN_, 10 * MIN_ }, HEALTH_LATER, 240 * S, 3 },
        { "just within it", 3, 10 * MIN_, 3, { 40 * S, 2 * MIN_, 10 * MIN_ - 1 }, HEALTH_QUARANTINE, 0, 4 },
        { "none is allowed", 0, 10 * MIN_, 0, {}, HEALTH_QUARANTINE, 0, 1 },
        { "a window shorter than the delay", 3, S, 2, { 31 * S, 95 * S }, HEALTH_LATER, 120 * S, 1 },
        { "the delay has a limit", 3, S, 7, { 31 * S, 2 * MIN_, 4 * MIN_, 8 * MIN_, 16 * MIN_, 26 * MIN_, 36 * MIN_ }, HEALTH_LATER,
          600 * S, 1 },
        { "five before", 100, 10 * MIN_, 5, { 1 * S, 2 * S, 3 * S, 4 * S, 5 * S }, HEALTH_LATER, 600 * S, 6 },
        { "four before", 100, 10 * MIN_, 4, { 1 * S, 2 * S, 3 * S, 4 * S }, HEALTH_LATER, 480 * S, 5 },
        { "an hour ago is forgotten", 3, 10 * MIN_, 1, { 60 * MIN_ }, HEALTH_LATER, 30 * S, 1 },
        { "but not within a longer window", 3, 120 * MIN_, 3, { 60 * MIN_, 80 * MIN_, 100 * MIN_ }, HEALTH_QUARANTINE, 0, 4 },
};

static const struct {
        uint32_t kernel;
        ExitKind kind;
        const char *name;
} kinds[] = {
        { 0, EXIT_KIND_UNKNOWN, "unknown" },
        { 64, EXIT_KIND_UNREGISTERED, "unregistered" },
        { 65, EXIT_KIND_UNREGISTERED_BPF, "unregistered-bpf" },
        { 66, EXIT_KIND_UNREGISTERED_KERNEL, "unregistered-kernel" },
        { 67, EXIT_KIND_SYSRQ, "sysrq" },
        { 68, EXIT_KIND_PARENT, "parent" },
        { 1024, EXIT_KIND_ERROR, "error" },
        { 1025, EXIT_KIND_ERROR_BPF, "error-bpf" },
        { 1026, EXIT_KIND_STALL, "stall" },
        { 1027, EXIT_KIND_ERROR_REENQ, "error-reenq" },
        { 1028, EXIT_KIND_ERROR_RESCUE, "error-rescue" },
        { 4711, EXIT_KIND_UNKNOWN, "unknown" },
};

static const struct {
        LoaderStage stage;
        int error;
        ExitKind kind;
} loads[] = {
        { LOADER_STAGE_OPEN, -ENOENT, EXIT_KIND_OBJECT_MISSING },
        { LOADER_STAGE_OPEN, -ENOTDIR, EXIT_KIND_OBJECT_MISSING },
        { LOADER_STAGE_OPEN, -EINVAL, EXIT_KIND_LOAD_FAILED },
        { LOADER_STAGE_KNOBS, -ENOENT, EXIT_KIND_LOAD_FAILED }, /* a knob, not the object */
        { LOADER_STAGE_LOAD, -EACCES, EXIT_KIND_VERIFIER_REFUSED },
        { LOADER_STAGE_LOAD, -EINVAL, EXIT_KIND_VERIFIER_REFUSED },
        { LOADER_STAGE_LOAD, -E2BIG, EXIT_KIND_VERIFIER_REFUSED },
        { LOADER_STAGE_LOAD, -ENOTSUP, EXIT_KIND_LOAD_FAILED },
        { LOADER_STAGE_LOAD, -EPERM, EXIT_KIND_LOAD_FAILED },
        { LOADER_STAGE_LOAD, -ENOMEM, EXIT_KIND_LOAD_FAILED },
        { LOADER_STAGE_PREPARE, -EINVAL, EXIT_KIND_LOAD_FAILED },
        { LOADER_STAGE_NONE, -EIO, EXIT_KIND_LOAD_FAILED },     /* the loader itself */
};

int main(void) {
        bool judged[_EXIT_KIND_MAX] = {};
        HealthDecision d;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                fprintf(stderr, "%s %llx %u\n", exit_kind_to_string(cases[i].kind), (unsigned long long) cases[i].code,
                        cases[i].restarts);
                d = health_judge(&(HealthInput) { .kind = cases[i].kind, .code = cases[i].code, .recent_restarts = cases[i].restarts,
                                                  .restarts_max = 3, .restarts_window_usec = 10 * MIN_,
                                                  .backoff_usec = HEALTH_BACKOFF_USEC, .now_usec = NOW });
                ASSERT_EQ(d.verdict, cases[i].verdict);
                ASSERT_EQ_U64(d.delay_usec, d.verdict == HEALTH_LATER ? HEALTH_BACKOFF_USEC : 0);
                ASSERT_EQ(d.n_failures, d.verdict == HEALTH_LATER);
                judged[cases[i].kind] = true;
        }
        for (size_t i = 0; i < ELEMENTSOF(series); i++) {
                uint64_t failures[9];

                fprintf(stderr, "%s\n", series[i].name);
                for (unsigned k = 0; k < series[i].n; k++)
                        failures[k] = NOW - series[i].ago[k];
                failures[series[i].n] = NOW + S;        /* no clock has shown that yet */
                d = health_judge(&(HealthInput) { .kind = EXIT_KIND_STALL, .failures = failures, .n_failures = series[i].n + 1,
                                                  .restarts_max = series[i].max, .restarts_window_usec = series[i].window,
                                                  .backoff_usec = HEALTH_BACKOFF_USEC, .now_usec = NOW });
                ASSERT_EQ(d.verdict, series[i].verdict);
                ASSERT_EQ_U64(d.delay_usec, series[i].delay);
                ASSERT_EQ(d.n_failures, series[i].n_failures);
        }
        for (HealthVerdict v = 0; v < _HEALTH_VERDICT_MAX; v++)
                ASSERT_EQ(health_verdict_from_string(health_verdict_to_string(v)), v);
        for (ExitKind k = 0; k < _EXIT_KIND_MAX; k++) {
                ASSERT(judged[k]);      /* a new kind needs a row above */
                ASSERT(exit_kind_describe(k));
                ASSERT_EQ(exit_kind_from_string(exit_kind_to_string(k)), k);
        }
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                ASSERT_EQ(exit_kind_from_kernel(kinds[i].kernel), kinds[i].kind);
                ASSERT_STREQ(exit_kind_to_string(kinds[i].kind), kinds[i].name);
        }
        for (size_t i = 0; i < ELEMENTSOF(loads); i++)
                ASSERT_EQ(exit_kind_from_load(loads[i].stage, loads[i].error), loads[i].kind);
        ASSERT(exit_kind_describe((ExitKind) -1));
        ASSERT(exit_code_asks_restart(RESTART | HOTPLUG));
        ASSERT(!exit_code_asks_restart(HOTPLUG));
        return 0;
}
