/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Which schedulers failed when, and which of them failed too often: outlives the daemon and a reboot (quarantine.json in the state
 * directory). What is held against a scheduler holds for its object as it was then and for this kernel only. */

#include "exit-kind.h"

#define QUARANTINE_FILE "quarantine.json"
#define QUARANTINE_ENTRIES_MAX 128u
#define QUARANTINE_FAILURES_MAX 128u    /* of one scheduler; more than any profile's limit */

/* Tells one build of an object from the next. */
typedef struct ObjectIdentity {
        uint64_t size, mtime_nsec, inode;       /* all 0: there is none */
} ObjectIdentity;

void object_identity_read(const char *path, ObjectIdentity *ret);

static inline bool object_identity_equal(const ObjectIdentity *a, const ObjectIdentity *b) {
        return a->size == b->size && a->mtime_nsec == b->mtime_nsec && a->inode == b->inode;
}

typedef struct QuarantineEntry {
        char *scheduler;
        char *object;                   /* path */
        ObjectIdentity identity;
        bool quarantined;
        uint64_t since_realtime;
        ExitKind kind;                  /* of the last failure */
        char *reason;                   /* of the quarantine, one line; "" if there is none */
        uint64_t failures[QUARANTINE_FAILURES_MAX];     /* CLOCK_MONOTONIC usec of this boot, oldest first */
        size_t n_failures;
} QuarantineEntry;

typedef struct Quarantine {
        QuarantineEntry *entries;
        size_t n;
        char *kernel;                   /* the release that all this was seen on; NULL: any */
        bool dirty;                     /* not saved yet */
} Quarantine;

void quarantine_done(Quarantine *q);

/* boot: id of this boot; failures of an earlier one are forgotten. No file is an empty one; one that cannot be understood is set aside:
 * -EBADMSG with *ret empty. */
int quarantine_load(const char *directory, const char *boot, Quarantine *ret);
int quarantine_save(const char *directory, const char *boot, Quarantine *q);

/* What is known of this scheduler and object; NULL if nothing is. */
QuarantineEntry *quarantine_find(const Quarantine *q, const char *scheduler, const char *object);

/* The same if it is in quarantine, else NULL. */
const QuarantineEntry *quarantine_holds(const Quarantine *q, const char *scheduler, const char *object);

/* Notes a failure. Drops the oldest of too many; a scheduler that is not in quarantine gives way to a new one. -EXFULL if there is no room. */
int quarantine_note_failure(Quarantine *q, const char *scheduler, const char *object, const ObjectIdentity *identity, ExitKind kind,
                            uint64_t monotonic_usec);

/* Puts what has just failed into quarantine. */
int quarantine_put(Quarantine *q, QuarantineEntry *e, uint64_t realtime_usec, const char *reason);

/* Called for each entry before it is forgotten. why: NULL where a person lifted it. */
typedef void (*quarantine_lifted_t)(const QuarantineEntry *e, const char *why, void *userdata);

/* Forgets what no longer applies: everything on another kernel, and what is held against objects that have changed. */
void quarantine_refresh(Quarantine *q, const char *kernel, quarantine_lifted_t lifted, void *userdata);

/* Forgets one scheduler, or all if scheduler is "". Returns how many were forgotten. */
size_t quarantine_reset(Quarantine *q, const char *scheduler, quarantine_lifted_t lifted, void *userdata);
