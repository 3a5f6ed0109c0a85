/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The files that `scxctl check` was given, arranged as a directory of the highest priority, so that they are read by the very code
 * that would read them once installed: overrides, drop-ins, references and all. */

#include "diag.h"

#define CHECK_FILES_MAX 1024u

typedef struct CheckFile {
        const char *given;      /* as the person wrote it */
        char *path;             /* absolute, without links */
        char *link;             /* in the overlay */
} CheckFile;

typedef struct CheckOverlay CheckOverlay;

typedef enum CheckKind {
        CHECK_PROFILE,
        CHECK_SCHEDULER,
        _CHECK_KIND_MAX,
        _CHECK_KIND_INVALID = -EINVAL,
} CheckKind;

DECLARE_STRING_TABLE(check_kind, CheckKind);    /* the names of the directories: "profiles", "schedulers" */

/* What a file of this absolute path is, by the directories that it is in; _CHECK_KIND_INVALID if they do not tell. Pure. */
CheckKind check_kind_of_path(const char *path);

/* The same by its keys. Pure. */
CheckKind check_kind_of_keys(const char *const *keys, size_t n);

/* Files that cannot be placed are left out, with a diagnostic. Negative errno only if there can be no overlay. */
int check_overlay_new(char **files, size_t n, CheckOverlay **ret, Diagnostics *diagnostics);
CheckOverlay *check_overlay_free(CheckOverlay *o);
DEFINE_POINTER_CLEANUP(CheckOverlay *, check_overlay_free);

const char *check_overlay_path(const CheckOverlay *o);

/* The file behind a path in the overlay, NULL if there is none. */
const CheckFile *check_overlay_find(const CheckOverlay *o, const char *link);

/* true if the person wrote exactly this. */
bool check_overlay_is_given(const CheckOverlay *o, const char *path);

/* Puts what the person wrote where diagnostics name files of the overlay. */
int check_overlay_translate(const CheckOverlay *o, Diagnostics *d);

/* Replaces each occurrence. Returns 0 or -ENOMEM with *text untouched. */
int replace_text(char **text, const char *from, const char *to);
