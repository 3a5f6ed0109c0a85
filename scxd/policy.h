/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The one place where it is decided what should run. Pure: wishes and facts in, a target and its reason out. */

#include "activation.h"

/* Why the machine was told to stay on EEVDF. */
typedef enum StopReason {
        STOP_NONE,
        STOP_CLIENT,            /* `scxctl stop` */
        STOP_SYSRQ,             /* SysRq-S */
        STOP_DETACHED,          /* somebody detached the scheduler by hand */
        _STOP_REASON_MAX,
        _STOP_REASON_INVALID = -EINVAL,
} StopReason;

DECLARE_STRING_TABLE(stop_reason, StopReason);

typedef struct PolicyInput {
        bool supported;                 /* this kernel has sched_ext */
        const char *foreign;            /* the kernel's name of a scheduler that somebody else started; NULL if none */
        StopReason stopped;
        const char *stopped_by;         /* for STOP_CLIENT: who; may be NULL */
        const Activation *activation;   /* the profile that was chosen; NULL if none was */
        size_t retried;                 /* 1 + the candidate that is to be tried again whatever is held against it; 0: none */
} PolicyInput;

typedef enum PolicyKind {
        POLICY_UNSUPPORTED,     /* EEVDF: nothing else is possible */
        POLICY_FOREIGN,         /* hands off */
        POLICY_STOPPED,         /* EEVDF: told to */
        POLICY_NO_CHOICE,       /* EEVDF: nobody asked for anything */
        POLICY_PLAIN,           /* EEVDF: the profile wants it so */
        POLICY_SCHEDULER,       /* the candidate */
        POLICY_EXHAUSTED,       /* EEVDF: each scheduler of the chain failed */
        _POLICY_KIND_MAX,
        _POLICY_KIND_INVALID = -EINVAL,
} PolicyKind;

typedef struct PolicyTarget {
        PolicyKind kind;
        size_t candidate;       /* with POLICY_SCHEDULER; else ACTIVATION_EEVDF */
} PolicyTarget;

PolicyTarget policy_decide(const PolicyInput *in);

/* The candidate that would be next if the one that runs failed; ACTIVATION_EEVDF if none is left or nothing would change. */
size_t policy_next_candidate(const PolicyInput *in);

/* What would be decided if the candidate that runs failed: its name or "eevdf"; NULL where nothing would change. */
const char *policy_next_if_failed(const PolicyInput *in);

/* The decision in one line, newly allocated; NULL if out of memory. */
char *policy_explain(const PolicyInput *in, const PolicyTarget *target);

/* The derivation of a decision, a step after the other. */
typedef enum StepKind {
        STEP_KERNEL,            /* what the kernel can do, or does already */
        STEP_WISH,              /* who asked for what */
        STEP_CANDIDATE,         /* a scheduler of the profile's chain: in order */
        STEP_RESULT,            /* what should run */
        STEP_NEXT,              /* what would be next */
        _STEP_KIND_MAX,
        _STEP_KIND_INVALID = -EINVAL,
} StepKind;

DECLARE_STRING_TABLE(step_kind, StepKind);      /* "kernel", …: part of the bus interface */

typedef struct PolicyStep {
        StepKind kind;
        const char *scheduler;  /* whom it is about; "" if none. Borrowed */
        const char *state;      /* of a candidate: "runs", "ready", or an OutKind; of the others "". Constant */
        char *text;             /* a sentence without full stop */
        uint64_t retry_usec;    /* of a candidate that waits: when it is tried again, CLOCK_MONOTONIC; else 0 */
} PolicyStep;

#define POLICY_STEPS_MAX (CANDIDATES_MAX + 4u)

/* Fills steps and returns how many there are, or -ENOMEM. running: a scheduler of ours runs, as activation->current says. */
int policy_derive(const PolicyInput *in, bool running, PolicyStep steps[static POLICY_STEPS_MAX]);
void policy_steps_done(PolicyStep *steps, size_t n);
