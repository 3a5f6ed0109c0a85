/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* A profile in force: its definition as it was when it was asked for (a reload does not change it), who asked, and how each scheduler
 * of its chain has fared since. */

#include "catalog.h"
#include "health.h"
#include "kernel-feature.h"

typedef struct Activation {
        Catalog *catalog;               /* keeps profile alive */
        const Profile *profile;
        char *wish;                     /* who asked: "root", "uid 1000", "the choice saved earlier" */
        char **failures;                /* per candidate: why it cannot run or ended, one line; NULL: nothing known against it */
        size_t current;                 /* the candidate that runs; ACTIVATION_EEVDF if none does */
        bool adopted;                   /* what runs was started by an earlier scxd */
        uint64_t restarts[HEALTH_RESTARTS_MAX]; /* CLOCK_MONOTONIC usec of the latest restarts, 0 unused */
} Activation;

#define ACTIVATION_EEVDF SIZE_MAX

/* Marks what cannot run from the start: schedulers with a problem, or that need what this kernel lacks. */
int activation_new(Catalog *catalog, const Profile *profile, const char *wish, const KernelFeatures *features, Activation **ret);
Activation *activation_free(Activation *a);
DEFINE_POINTER_CLEANUP(Activation *, activation_free);

const Candidate *activation_candidate(const Activation *a, size_t i);
const Scheduler *activation_scheduler(const Activation *a, size_t i);

/* The name of what runs: the current candidate's scheduler or "eevdf". */
const char *activation_current_name(const Activation *a);

/* Notes why candidate i is out (the first line of why only). */
int activation_fail(Activation *a, size_t i, const char *why);

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
