/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Why a scheduler is no longer running: the kernel's enum scx_exit_kind and what happens before a scheduler ever runs. */

#include "macro.h"

typedef enum ExitKind {
        EXIT_KIND_UNREGISTERED,         /* its link was closed or detached */
        EXIT_KIND_UNREGISTERED_BPF,     /* it asked to be ended */
        EXIT_KIND_UNREGISTERED_KERNEL,  /* the kernel ended it without blame, such as for CPU hotplug */
        EXIT_KIND_SYSRQ,                /* a person pressed SysRq-S */
        EXIT_KIND_PARENT,               /* its parent scheduler ended */
        EXIT_KIND_ERROR,
        EXIT_KIND_ERROR_BPF,
        EXIT_KIND_STALL,
        EXIT_KIND_ERROR_REENQ,
        EXIT_KIND_ERROR_RESCUE,
        EXIT_KIND_LOAD_FAILED,          /* it never ran: open, knobs, verifier or init */
        EXIT_KIND_VANISHED,             /* the kernel no longer runs it and it left no word */
        EXIT_KIND_UNKNOWN,              /* a kind that this version does not know */
        _EXIT_KIND_MAX,
        _EXIT_KIND_INVALID = -EINVAL,
} ExitKind;

DECLARE_STRING_TABLE(exit_kind, ExitKind);      /* "unregistered", "stall", …: stable, part of the bus interface */

/* From enum scx_exit_kind (values: facts of the kernel's ABI, stable since 6.12). */
ExitKind exit_kind_from_kernel(uint32_t kernel_kind);

/* What happened, to follow a scheduler's name: "was ejected because tasks did not get to run". */
const char *exit_kind_describe(ExitKind k);

/* The kernel's scx_exit_code: the scheduler should be started again, it did nothing wrong. */
bool exit_code_asks_restart(uint64_t code);
