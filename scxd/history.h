/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* How schedulers ended: the latest HISTORY_MAX of them, in memory. */

#include "exit-kind.h"

typedef struct ExitRecord {
        char *scheduler;
        char *profile;
        uint64_t realtime_usec;
        ExitKind kind;
        uint32_t kernel_kind;   /* as the kernel numbers it; 0 if it never ran */
        uint64_t code;
        char *reason;           /* the kernel's words; "" if none */
        char *message;
        char *dump;             /* NULL if none */
        char *outcome;          /* what became of it, one line; "" while not known */
        bool announced;         /* the journal and the bus were told */
} ExitRecord;

#define HISTORY_MAX 64u

typedef struct History {
        ExitRecord *items[HISTORY_MAX]; /* a ring */
        size_t next;
} History;

ExitRecord *exit_record_free(ExitRecord *e);
DEFINE_POINTER_CLEANUP(ExitRecord *, exit_record_free);

/* reason, message and dump may be NULL or "". */
int exit_record_new(const char *scheduler, const char *profile, uint64_t realtime_usec, ExitKind kind, uint32_t kernel_kind,
                    uint64_t code, const char *reason, const char *message, const char *dump, ExitRecord **ret);

/* Takes the record; drops the oldest if full. */
void history_add(History *h, ExitRecord *e);

/* The latest, NULL if none. Stays the history's. */
ExitRecord *history_last(const History *h);

void history_done(History *h);
