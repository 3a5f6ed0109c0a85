/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* A profile: what the machine should do (see docs/formats.md). */

#include "scheduler.h"

#define CANDIDATES_MAX 16u      /* schedulers per profile */

/* A knob as a profile sets it: text until the manifest is known, then a value. */
typedef struct Setting {
        char *name;
        char *text;
        KnobValue value;        /* set by profile_resolve() */
        Position position;      /* of the name */
        Position value_position;
} Setting;

/* One scheduler of a profile's chain, with what the profile sets of it. */
typedef struct Candidate {
        char *scheduler;
        Setting *settings;
        size_t n_settings;
        Position position;
} Candidate;

typedef struct Profile {
        char *name;
        char *description;
        char *candidates_file;  /* the file that their positions are in: the profile or a drop-in */
        Candidate *candidates;  /* the first that this machine can run, the others are its fallback chain, then EEVDF */
        size_t n_candidates;
        uint64_t stall_timeout_usec;    /* 0: the kernel's own (30 s) */
        uint64_t max_wakeup_latency_usec;       /* 0: not watched */
        unsigned restarts_max;          /* a scheduler that fails more often than this… */
        uint64_t restarts_window_usec;  /* …within this time is quarantined */
        char *file;
        Position position;
} Profile;

Profile *profile_free(Profile *p);
DEFINE_POINTER_CLEANUP(Profile *, profile_free);

#define STALL_TIMEOUT_MIN_USEC UINT64_C(1000000)
#define STALL_TIMEOUT_MAX_USEC UINT64_C(30000000)       /* the kernel refuses more */

#define WAKEUP_LATENCY_MIN_USEC UINT64_C(1000)
#define WAKEUP_LATENCY_MAX_USEC UINT64_C(10000000)
#define RESTARTS_MAX 100u
#define RESTARTS_DEFAULT 3u
#define RESTARTS_WINDOW_MIN_USEC UINT64_C(1000000)
#define RESTARTS_WINDOW_MAX_USEC (24 * 60 * 60 * UINT64_C(1000000))
#define RESTARTS_WINDOW_DEFAULT_USEC (10 * 60 * UINT64_C(1000000))

/* As scheduler_parse(). */
int profile_parse(const char *file, const char *text, size_t size, const char *name, Profile *base, Profile **ret,
                  Diagnostics *diagnostics);

/* Turns the text of each setting into its value. schedulers[i] is what candidate i names; NULL or an unread one leaves that
 * candidate's values alone. Refuses knobs that the scheduler does not have, values out of range, and the same scheduler with the
 * same values twice. Returns -EINVAL with diagnostics added. Pure. */
int profile_resolve(Profile *p, const Scheduler *const *schedulers, Diagnostics *diagnostics);
