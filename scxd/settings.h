/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* scxd's own settings: scxd.yaml in the first of the configuration directories that has one (see docs/formats.md). */

#include "diag.h"

typedef struct Settings {
        bool expedite_swap;     /* RCU grace periods are expedited for the length of a swap */
        bool standby;           /* the next scheduler of the chain is kept loaded */
} Settings;

#define SETTINGS_FILE "scxd.yaml"
#define SETTINGS_SIZE_MAX (64u * 1024u)

extern const Settings settings_default;

/* Reads a file's text. Returns -EINVAL with diagnostics added and *ret untouched. An empty file means the defaults. */
int settings_parse(const char *file, const char *text, size_t size, Settings *ret, Diagnostics *diagnostics);

/* Finds and reads the file; none means the defaults. A bad one: the defaults, and diagnostics tell. Returns -ENOMEM at most. */
int settings_read(const char *const *directories, Settings *ret, Diagnostics *diagnostics);
