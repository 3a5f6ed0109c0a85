/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What outlives the daemon: the choice, and whether the machine was told to stay on EEVDF. One small JSON file, replaced atomically. */

#include "policy.h"

typedef struct StoredState {
        char *choice;           /* profile; NULL if none */
        StopReason stopped;
        char *stopped_by;       /* for STOP_CLIENT: who; NULL if not known */
} StoredState;

void stored_state_done(StoredState *s);

/* Reads directory/state.json. No file is an empty state. A file that cannot be understood is renamed to state.json.corrupt and counts
 * as empty: returns -EBADMSG with *ret set, for the caller to report. */
int store_load(const char *directory, StoredState *ret);

/* Replaces the file; on failure the old one is still there, whole. */
int store_save(const char *directory, const StoredState *s);

/* Replaces directory/name by this text; on failure the old file is still there, whole. sync: returns when it is on the disk. */
int store_write_file(const char *directory, const char *name, const char *text, bool sync);

/* Reads directory/name. -ENOENT if there is none, -EBADMSG if it is longer than size_max or no text. */
int store_read_file(const char *directory, const char *name, size_t size_max, char **ret);

/* Renames it to NAME.corrupt, for a person to look at. */
void store_set_aside(const char *directory, const char *name);
