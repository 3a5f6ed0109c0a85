/* SPDX-License-Identifier: GPL-2.0-only */
#include "health.h"
#include "test.h"

#define RESTART (UINT64_C(1) << 48)
#define HOTPLUG (UINT64_C(1) << 32)

static const struct {
        ExitKind kind;
        uint64_t code;
        unsigned restarts;
        HealthVerdict verdict;
} cases[] = {
        { EXIT_KIND_SYSRQ, 0, 0, HEALTH_STAY },
        { EXIT_KIND_SYSRQ, RESTART, 0, HEALTH_STAY },   /* whatever the code says: a person decided */
        { EXIT_KIND_UNREGISTERED, 0, 0, HEALTH_STAY },
        { EXIT_KIND_UNREGISTERED_KERNEL, RESTART | HOTPLUG, 0, HEALTH_RESTART },
        { EXIT_KIND_UNREGISTERED_KERNEL, RESTART | HOTPLUG, HEALTH_RESTARTS_MAX - 1, HEALTH_RESTART },
        { EXIT_KIND_UNREGISTERED_KERNEL, RESTART | HOTPLUG, HEALTH_RESTARTS_MAX, HEALTH_NEXT },
        { EXIT_KIND_UNREGISTERED_KERNEL, HOTPLUG, 0, HEALTH_NEXT },
        { EXIT_KIND_UNREGISTERED_BPF, RESTART, 0, HEALTH_RESTART },
        { EXIT_KIND_UNREGISTERED_BPF, 42, 0, HEALTH_NEXT },
        { EXIT_KIND_PARENT, 0, 0, HEALTH_NEXT },
        { EXIT_KIND_ERROR, RESTART, 0, HEALTH_NEXT },   /* an error is an error */
        { EXIT_KIND_ERROR_BPF, 0, 0, HEALTH_NEXT },
        { EXIT_KIND_STALL, 0, 0, HEALTH_NEXT },
        { EXIT_KIND_ERROR_REENQ, 0, 0, HEALTH_NEXT },
        { EXIT_KIND_ERROR_RESCUE, 0, 0, HEALTH_NEXT },
        { EXIT_KIND_LOAD_FAILED, 0, 0, HEALTH_NEXT },
        { EXIT_KIND_VANISHED, 0, 0, HEALTH_NEXT },
        { EXIT_KIND_UNKNOWN, RESTART, 0, HEALTH_NEXT },
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

int main(void) {
        bool judged[_EXIT_KIND_MAX] = {};

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                fprintf(stderr, "%s %llx %u\n", exit_kind_to_string(cases[i].kind), (unsigned long long) cases[i].code,
                        cases[i].restarts);
                ASSERT_EQ(health_judge(cases[i].kind, cases[i].code, cases[i].restarts), cases[i].verdict);
                judged[cases[i].kind] = true;
        }
        for (ExitKind k = 0; k < _EXIT_KIND_MAX; k++) {
                ASSERT(judged[k]);      /* a new kind needs a row above */
                ASSERT(exit_kind_describe(k));
                ASSERT_EQ(exit_kind_from_string(exit_kind_to_string(k)), k);
        }
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                ASSERT_EQ(exit_kind_from_kernel(kinds[i].kernel), kinds[i].kind);
                ASSERT_STREQ(exit_kind_to_string(kinds[i].kind), kinds[i].name);
        }
        ASSERT(exit_kind_describe((ExitKind) -1));
        ASSERT(exit_code_asks_restart(RESTART | HOTPLUG));
        ASSERT(!exit_code_asks_restart(HOTPLUG));
        return 0;
}
