/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* All profiles and schedulers that are defined, read from the vendor, run-time and administrator directories.
 *
 * Reading takes two steps, because looking into BPF objects is scxd-loader's work:
 *   catalog_read()  the files, each by itself;
 *   catalog_bind()  once per scheduler, with what the loader found in its object;
 *   catalog_link()  references of profiles to schedulers and knobs.
 * A bad file disables what it defines and nothing else: each step drops it and adds to the diagnostics. A scheduler whose files
 * are bad or masked stays as a name with a problem (Scheduler.unread), so that profiles which list it go on at the next. */

#include "profile.h"

typedef struct Catalog Catalog;

/* Where to look, highest priority first; each holds "profiles" and "schedulers". NULL-terminated.
 * A file in an earlier directory replaces one of the same name in a later one; an empty one or a link to /dev/null masks it.
 * NAME.yaml.d/ of all directories extend it, sorted by file name, an earlier directory's file replacing a later one's. */
typedef struct CatalogPaths {
        const char *const *config;
        const char *object_directory;   /* where relative "object:" names are looked up */
} CatalogPaths;

#define CATALOG_PROFILES_MAX 4096u
#define CATALOG_SCHEDULERS_MAX 1024u
#define CATALOG_FILE_SIZE_MAX (256u * 1024u)
#define CATALOG_DROPINS_MAX 256u                /* of one definition */
#define CATALOG_DIRECTORY_ENTRIES_MAX 16384u    /* of one directory, of any name */
#define CATALOG_PATH_MAX 4096u                  /* of an object, with the NUL */

Catalog *catalog_ref(Catalog *c);
Catalog *catalog_unref(Catalog *c);
DEFINE_POINTER_CLEANUP(Catalog *, catalog_unref);

/* An empty one. */
int catalog_new(Catalog **ret);

/* Returns a new catalog even if files were bad (diagnostics tell) or directories absent (which is normal); -E2BIG with a diagnostic
 * if there are more files than the limits allow, -ENOMEM. */
int catalog_read(const CatalogPaths *paths, Catalog **ret, Diagnostics *diagnostics);

/* Ties scheduler i to its object. error: what the loader answered (0, or negative with message saying why); object: what it
 * found (NULL on error). A manifest that disagrees with its object is dropped from use: its "problem" is set.
 * One that has a problem already keeps that one, without another diagnostic. Returns 0 in all these cases; -ENOMEM. */
int catalog_bind(Catalog *c, size_t i, int error, const char *message, const ObjectInfo *object, Diagnostics *diagnostics);

/* Resolves what profiles refer to. A profile that names a scheduler or a knob that nobody defines, or a value out of range, is
 * dropped. One that names a scheduler which has a problem stays: its chain goes on at the next.
 * Returns 0 also then; -ENOMEM. */
int catalog_link(Catalog *c, Diagnostics *diagnostics);

size_t catalog_n_profiles(const Catalog *c);
const Profile *catalog_profile(const Catalog *c, size_t i);             /* sorted by name */
const Profile *catalog_find_profile(const Catalog *c, const char *name);
size_t catalog_n_schedulers(const Catalog *c);
const Scheduler *catalog_scheduler(const Catalog *c, size_t i);
const Scheduler *catalog_find_scheduler(const Catalog *c, const char *name);

/* true for names of profiles and schedulers: 1 to 63 of [a-z0-9_-], starting with a letter; "eevdf", "auto" and "none" are reserved. */
bool catalog_name_is_valid(const char *name);
