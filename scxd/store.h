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
