/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What ran when, why it started, and how it ended. Outlives the daemon: a file for each entry in STATE_DIRECTORY/history, where debug
 * dumps stay until somebody asks for them. */

#include "exit-kind.h"

typedef enum HistoryEvent {
        HISTORY_STARTED,        /* a scheduler was enabled */
        HISTORY_ADJUSTED,       /* what ran went on for another profile, perhaps with other values of live knobs */
        HISTORY_ENDED,          /* it does not run any more */
        HISTORY_FAILED,         /* it could not be started */
        HISTORY_QUARANTINED,
        HISTORY_LIFTED,         /* out of quarantine */
        _HISTORY_EVENT_MAX,
        _HISTORY_EVENT_INVALID = -EINVAL,
} HistoryEvent;

DECLARE_STRING_TABLE(history_event, HistoryEvent);      /* "started", …: part of the bus interface */

typedef struct HistoryEntry {
        uint64_t id;            /* counts from 1 and is never used again */
        HistoryEvent event;
        char *scheduler;
        char *profile;          /* "" if none */
        uint64_t realtime_usec;
        uint64_t started_usec;  /* HISTORY_ENDED: when it was started; 0 if not known */
        char *why;              /* started, adjusted, quarantined, lifted: the reason; else "" */
        ExitKind kind;          /* ended, failed, quarantined */
        uint32_t kernel_kind;   /* as the kernel numbers it; 0 if it has no word on this */
        uint64_t code;
        char *reason;           /* the kernel's words; "" if none */
        char *message;
        char *dump;             /* NULL if there is none or it is only on disk */
        bool has_dump;
        char *outcome;          /* what became of it, one line; "" while not known */
        bool announced;         /* the journal and the bus were told */
        bool dirty;             /* not on disk like this */
        size_t size;            /* on disk; 0 if it is not there */
} HistoryEntry;

#define HISTORY_MAX 200u
#define HISTORY_SIZE_MAX (4 * 1024 * 1024u)     /* of all files */
#define HISTORY_DUMPS_MAX 8u                    /* in memory */
#define HISTORY_ENTRY_SIZE_MAX (256 * 1024u)

typedef struct History {
        HistoryEntry *entries[HISTORY_MAX];     /* oldest first */
        size_t n;
        uint64_t next_id;       /* 0: 1 */
        char *directory;        /* NULL: in memory only */
} History;

HistoryEntry *history_entry_free(HistoryEntry *e);
DEFINE_POINTER_CLEANUP(HistoryEntry *, history_entry_free);

/* profile may be NULL. Texts are made printable UTF-8. */
int history_entry_new(HistoryEvent event, const char *scheduler, const char *profile, uint64_t realtime_usec, HistoryEntry **ret);

/* Each may be NULL. */
int history_entry_set_words(HistoryEntry *e, const char *reason, const char *message, const char *dump);
int history_entry_set_why(HistoryEntry *e, const char *why);
int history_entry_set_outcome(HistoryEntry *e, const char *outcome);

/* Takes the entry and gives it its id; the oldest go if there is no room. */
void history_add(History *h, HistoryEntry *e);

/* It ended without being asked to, or could not be started. */
bool history_entry_is_exit(const HistoryEntry *e);

/* The latest such, NULL if none. Stays the history's. */
HistoryEntry *history_last_exit(const History *h);

/* The start whose end is not known; NULL if the latest start has ended. *ret_profile (may be NULL): the one that it last ran for. */
const HistoryEntry *history_open_run(const History *h, const char **ret_profile);

HistoryEntry *history_find(const History *h, uint64_t id);

/* Reads what is in directory (made if it is not there) and keeps entries there from now on. Files that cannot be understood are
 * skipped: *ret_n_skipped (may be NULL). Fails if the directory cannot be used; the history works without it then. */
int history_open(History *h, const char *directory, size_t *ret_n_skipped);

/* Writes what is dirty. Returns the first failure; what could not be written stays in memory and is not tried again. */
int history_save(History *h);

/* The entry's dump, from memory or disk: newly allocated. -ENOENT if it has none. */
int history_read_dump(const History *h, const HistoryEntry *e, char **ret);

void history_done(History *h);
