/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Why a scheduler is no longer running: the kernel's enum scx_exit_kind and what happens before a scheduler ever runs. */

#include "loader-protocol.h"

typedef enum ExitKind {
        EXIT_KIND_STOPPED,              /* scxd ended it: another one was wanted, or none */
        EXIT_KIND_UNREGISTERED,         /* somebody else closed or detached its link */
        EXIT_KIND_UNREGISTERED_BPF,     /* it asked to be ended */
        EXIT_KIND_UNREGISTERED_KERNEL,  /* the kernel ended it without blame, such as for CPU hotplug */
        EXIT_KIND_SYSRQ,                /* a person pressed SysRq-S */
        EXIT_KIND_PARENT,               /* its parent scheduler ended */
        EXIT_KIND_ERROR,
        EXIT_KIND_ERROR_BPF,
        EXIT_KIND_STALL,
        EXIT_KIND_ERROR_REENQ,
        EXIT_KIND_ERROR_RESCUE,
        EXIT_KIND_LATE,                 /* tasks that woke up waited longer than the profile allows */
        EXIT_KIND_OBJECT_MISSING,       /* it never ran, and so on: its object is not there */
        EXIT_KIND_VERIFIER_REFUSED,     /* the kernel's verifier does not accept it */
        EXIT_KIND_INIT_FAILED,          /* the kernel began to enable it and gave up */
        EXIT_KIND_LOAD_FAILED,          /* anything else: its knobs, its ops, the loader */
        EXIT_KIND_VANISHED,             /* the kernel no longer runs it and it left no word */
        EXIT_KIND_UNKNOWN,              /* a kind that this version does not know */
        _EXIT_KIND_MAX,
        _EXIT_KIND_INVALID = -EINVAL,
} ExitKind;

DECLARE_STRING_TABLE(exit_kind, ExitKind);      /* "unregistered", "stall", …: stable, part of the bus interface */

/* From enum scx_exit_kind (values: facts of the kernel's ABI, stable since 6.12). */
ExitKind exit_kind_from_kernel(uint32_t kernel_kind);

/* Why it could not be loaded. */
ExitKind exit_kind_from_load(LoaderStage stage, int error);

/* It never ran. */
static inline bool exit_kind_is_start_failure(ExitKind k) {
        return k == EXIT_KIND_OBJECT_MISSING || k == EXIT_KIND_VERIFIER_REFUSED || k == EXIT_KIND_INIT_FAILED || k == EXIT_KIND_LOAD_FAILED;
}

/* What happened, to follow a scheduler's name: "was ejected because tasks did not get to run". */
const char *exit_kind_describe(ExitKind k);

/* The kernel's scx_exit_code: the scheduler should be started again, it did nothing wrong. */
bool exit_code_asks_restart(uint64_t code);
