/* SPDX-License-Identifier: GPL-2.0-only */
#include "exit-kind.h"

static const char *const exit_kind_table[_EXIT_KIND_MAX] = {
        [EXIT_KIND_STOPPED] = "stopped",
        [EXIT_KIND_UNREGISTERED] = "unregistered",
        [EXIT_KIND_UNREGISTERED_BPF] = "unregistered-bpf",
        [EXIT_KIND_UNREGISTERED_KERNEL] = "unregistered-kernel",
        [EXIT_KIND_SYSRQ] = "sysrq",
        [EXIT_KIND_PARENT] = "parent",
        [EXIT_KIND_ERROR] = "error",
        [EXIT_KIND_ERROR_BPF] = "error-bpf",
        [EXIT_KIND_STALL] = "stall",
        [EXIT_KIND_ERROR_REENQ] = "error-reenq",
        [EXIT_KIND_ERROR_RESCUE] = "error-rescue",
        [EXIT_KIND_LATE] = "late",
        [EXIT_KIND_OBJECT_MISSING] = "object-missing",
        [EXIT_KIND_VERIFIER_REFUSED] = "verifier-refused",
        [EXIT_KIND_INIT_FAILED] = "init-failed",
        [EXIT_KIND_LOAD_FAILED] = "load-failed",
        [EXIT_KIND_VANISHED] = "vanished",
        [EXIT_KIND_UNKNOWN] = "unknown",
};

DEFINE_STRING_TABLE(exit_kind, ExitKind)

ExitKind exit_kind_from_kernel(uint32_t kernel_kind) {
        switch (kernel_kind) {
        case 64:
                return EXIT_KIND_UNREGISTERED;
        case 65:
                return EXIT_KIND_UNREGISTERED_BPF;
        case 66:
                return EXIT_KIND_UNREGISTERED_KERNEL;
        case 67:
                return EXIT_KIND_SYSRQ;
        case 68:
                return EXIT_KIND_PARENT;
        case 1024:
                return EXIT_KIND_ERROR;
        case 1025:
                return EXIT_KIND_ERROR_BPF;
        case 1026:
                return EXIT_KIND_STALL;
        case 1027:
                return EXIT_KIND_ERROR_REENQ;
        case 1028:
                return EXIT_KIND_ERROR_RESCUE;
        default:
                return EXIT_KIND_UNKNOWN;
        }
}

ExitKind exit_kind_from_load(LoaderStage stage, int error) {
        switch (stage) {
        case LOADER_STAGE_OPEN:
                return error == -ENOENT || error == -ENOTDIR ? EXIT_KIND_OBJECT_MISSING : EXIT_KIND_LOAD_FAILED;
        case LOADER_STAGE_LOAD:
                /* Where a kernel that lacks something, a missing privilege or a lack of memory is to blame, the verifier is not. */
                return error == -ENOTSUP || error == -EPERM || error == -ENOMEM ? EXIT_KIND_LOAD_FAILED : EXIT_KIND_VERIFIER_REFUSED;
        default:
                return EXIT_KIND_LOAD_FAILED;
        }
}

const char *exit_kind_describe(ExitKind k) {
        static const char *const table[_EXIT_KIND_MAX] = {
                [EXIT_KIND_STOPPED] = "was ended by scxd",
                [EXIT_KIND_UNREGISTERED] = "was detached by somebody else",
                [EXIT_KIND_UNREGISTERED_BPF] = "ended itself",
                [EXIT_KIND_UNREGISTERED_KERNEL] = "was ended by the kernel",
                [EXIT_KIND_SYSRQ] = "was ended by the emergency stop (SysRq-S)",
                [EXIT_KIND_PARENT] = "ended with its parent scheduler",
                [EXIT_KIND_ERROR] = "was ejected by the kernel for an error",
                [EXIT_KIND_ERROR_BPF] = "was ejected for an error that it reported itself",
                [EXIT_KIND_STALL] = "was ejected because tasks did not get to run",
                [EXIT_KIND_ERROR_REENQ] = "was ejected because tasks were queued again and again",
                [EXIT_KIND_ERROR_RESCUE] = "was ejected because the kernel had to rescue its tasks",
                [EXIT_KIND_LATE] = "was ended because tasks that woke up waited too long",
                [EXIT_KIND_OBJECT_MISSING] = "could not be started, as its object is missing",
                [EXIT_KIND_VERIFIER_REFUSED] = "was refused by the kernel's verifier",
                [EXIT_KIND_INIT_FAILED] = "could not be started, as it failed while the kernel enabled it",
                [EXIT_KIND_LOAD_FAILED] = "could not be started",
                [EXIT_KIND_VANISHED] = "is gone and left no word",
                [EXIT_KIND_UNKNOWN] = "ended for a reason that this scxd does not know",
        };

        if ((int) k < 0 || k >= _EXIT_KIND_MAX)
                return table[EXIT_KIND_UNKNOWN];
        return table[k];
}

bool exit_code_asks_restart(uint64_t code) {
        return code & (UINT64_C(1) << 48);      /* SCX_ECODE_ACT_RESTART */
}
