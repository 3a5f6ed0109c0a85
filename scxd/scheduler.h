/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* A scheduler manifest: what a scheduler is and takes (see docs/formats.md). */

#include "diag.h"
#include "object-info.h"

typedef enum SchedulerKind {
        SCHEDULER_KIND_BPF,     /* a CO-RE object that scxd loads itself */
        _SCHEDULER_KIND_MAX,
        _SCHEDULER_KIND_INVALID = -EINVAL,
} SchedulerKind;

typedef enum KnobType {
        KNOB_TYPE_BOOL,
        KNOB_TYPE_U32,
        KNOB_TYPE_S32,
        KNOB_TYPE_U64,
        KNOB_TYPE_S64,
        _KNOB_TYPE_MAX,
        _KNOB_TYPE_INVALID = -EINVAL,
} KnobType;

typedef enum KnobSet {
        KNOB_SET_LOAD,          /* a constant of the program (.rodata): takes a reload */
        KNOB_SET_LIVE,          /* an ordinary global (.data, .bss): can change while it runs */
        _KNOB_SET_MAX,
        _KNOB_SET_INVALID = -EINVAL,
} KnobSet;

/* A knob's value, whatever its type: bool as 0 or 1, unsigned as is, signed sign-extended to 64 bits. */
typedef uint64_t KnobValue;

typedef struct Knob {
        char *name;             /* also the name of the object's global variable */
        char *description;      /* may be NULL */
        char *unit;             /* shown behind values ("us"); may be NULL */
        KnobType type;
        KnobSet set;
        KnobValue min, max;     /* inclusive; compared signed for s32 and s64; the type's own range by default */
        KnobValue def;
        bool has_default;       /* else the object's own initial value counts: def is that as soon as it is bound to its object */
        Position position;      /* of the knob's name */
        Position type_position;
        Position set_position;
} Knob;

#define KNOBS_MAX 64u           /* per scheduler */
#define REQUIRES_MAX 32u        /* kernel features per scheduler */

typedef struct Scheduler {
        char *name;
        char *description;
        SchedulerKind kind;
        char *object;           /* as written */
        char *object_path;      /* absolute; set by the catalog */
        Position object_position;
        char *object_file;      /* the file that says object: the manifest or a drop-in */
        Knob *knobs;
        size_t n_knobs;
        char **requires;        /* names of kernel features, see kernel-feature.h */
        size_t n_requires;
        char *file;             /* where the manifest is */
        Position position;      /* of its name */
        char *problem;          /* why it cannot be used (one line), NULL if it can: set when it is bound to its object */
        bool unread;            /* only name, file and problem are known, as its files are bad or masked; texts are "", no knobs */
} Scheduler;

#define KNOB_NAME_MAX 63u
#define DESCRIPTION_MAX 512u    /* bytes, of schedulers, knobs and profiles */
#define UNIT_MAX 15u

DECLARE_STRING_TABLE(scheduler_kind, SchedulerKind);
DECLARE_STRING_TABLE(knob_type, KnobType);
DECLARE_STRING_TABLE(knob_set, KnobSet);

Scheduler *scheduler_free(Scheduler *s);
DEFINE_POINTER_CLEANUP(Scheduler *, scheduler_free);

const Knob *scheduler_find_knob(const Scheduler *s, const char *name);

/* Less than, equal to or greater than 0, by the type's sign. */
int knob_value_compare(KnobType type, KnobValue a, KnobValue b);

/* Parses what a person writes ("yes", "2000", "-5") into a value in the knob's range.
 * Returns -EINVAL (not of the type) or -ERANGE, each with *ret_why (newly allocated, "found X, expected Y"). */
int knob_parse_value(const Knob *k, const char *text, KnobValue *ret, char **ret_why);

/* The value as a person writes it, newly allocated; NULL if out of memory. */
char *knob_format_value(const Knob *k, KnobValue v);

/* Reads a manifest. With base, the file is a drop-in: it changes *base (on failure *base may be half changed: drop it).
 * Without, name (the file's stem) must agree with its "name:" and *ret is a new manifest.
 * Returns -EINVAL with diagnostics added. */
int scheduler_parse(const char *file, const char *text, size_t size, const char *name, Scheduler *base, Scheduler **ret,
                    Diagnostics *diagnostics);

/* Checks each knob against the object's own variables (there, of that type, in the section that its "set:" needs).
 * Returns -EINVAL with diagnostics added; sets nothing. Pure. */
int scheduler_check_object(const Scheduler *s, const ObjectInfo *object, Diagnostics *diagnostics);
