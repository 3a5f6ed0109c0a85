/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* A profile in force: its definition as it was when it was asked for (a reload does not change it), who asked, and how each scheduler
 * of its chain has fared since. */

#include "catalog.h"
#include "health.h"
#include "kernel-feature.h"
#include "quarantine.h"

/* Why a candidate is out, and what brings it back. */
typedef enum OutKind {
        OUT_UNUSABLE,           /* it cannot run here: another definition or kernel */
        OUT_START_FAILED,       /* it could not be started: somebody who asks again, a changed object, a restart of scxd */
        OUT_WAITING,            /* it failed: time */
        OUT_QUARANTINED,        /* it failed too often: see quarantine.h */
        _OUT_KIND_MAX,
        _OUT_KIND_INVALID = -EINVAL,
} OutKind;

DECLARE_STRING_TABLE(out_kind, OutKind);        /* "unusable", …: part of the bus interface */

typedef struct CandidateOut {
        OutKind kind;
        uint64_t retry_usec;    /* OUT_WAITING: when it is tried again, CLOCK_MONOTONIC */
        ObjectIdentity object;  /* OUT_START_FAILED: as it was */
} CandidateOut;

typedef struct Activation {
        Catalog *catalog;               /* keeps profile alive */
        const Profile *profile;
        char *wish;                     /* who asked: "root", "uid 1000", "the choice saved earlier" */
        char **failures;                /* per candidate: why it cannot run or ended, one line; NULL: nothing known against it */
        CandidateOut *outs;             /* per candidate: more on its failure, where there is one */
        size_t current;                 /* the candidate that runs; ACTIVATION_EEVDF if none does */
        bool adopted;                   /* what runs was started by an earlier scxd */
        uint64_t restarts[HEALTH_RESTARTS_MAX]; /* CLOCK_MONOTONIC usec of the latest restarts, 0 unused */
} Activation;

#define ACTIVATION_EEVDF SIZE_MAX

/* Marks what cannot run from the start: schedulers with a problem, that need what this kernel lacks, or that are in quarantine (NULL:
 * none is). */
int activation_new(Catalog *catalog, const Profile *profile, const char *wish, const KernelFeatures *features,
                   const Quarantine *quarantine, Activation **ret);
Activation *activation_free(Activation *a);
DEFINE_POINTER_CLEANUP(Activation *, activation_free);

const Candidate *activation_candidate(const Activation *a, size_t i);
const Scheduler *activation_scheduler(const Activation *a, size_t i);

/* The name of what runs: the current candidate's scheduler or "eevdf". */
const char *activation_current_name(const Activation *a);

/* Notes why candidate i is out (the first line of why only); retry_usec for OUT_WAITING. */
int activation_fail(Activation *a, size_t i, OutKind kind, uint64_t retry_usec, const char *why);

/* Nothing is held against it any more. */
void activation_clear(Activation *a, size_t i);

/* The candidate that is to be tried again first, and when; ACTIVATION_EEVDF if none waits. */
size_t activation_next_retry(const Activation *a, uint64_t *ret_usec);

/* What is held against a scheduler in quarantine, to follow its name; newly allocated, NULL if out of memory. */
char *quarantine_describe(const QuarantineEntry *e);

/* What it takes to get from candidate i of a to candidate j of b. */
typedef enum ActivationStep {
        ACTIVATION_SAME,        /* the same scheduler, object, knobs and limits: nothing */
        ACTIVATION_LIVE,        /* other values of live knobs only: they are written in place */
        ACTIVATION_SWITCH,      /* a switch */
} ActivationStep;

ActivationStep activation_step(const Activation *a, size_t i, const Activation *b, size_t j);

/* The value that a knob has with candidate i. Returns false if neither the profile nor the manifest gives one. */
bool activation_knob_value(const Activation *a, size_t i, const Knob *k, KnobValue *ret);

unsigned activation_recent_restarts(const Activation *a, uint64_t now_usec);
void activation_note_restart(Activation *a, uint64_t now_usec);
