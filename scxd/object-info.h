/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What a BPF object says of itself: the answer of scxd-loader to "inspect", plain data that can cross a socket. */

#include "macro.h"

#define OBJECT_NAME_MAX 128u    /* the kernel's limit for scheduler names, with the NUL */
#define OBJECT_VARIABLES_MAX 256u

typedef enum ObjectSection {
        OBJECT_SECTION_RODATA,
        OBJECT_SECTION_DATA,    /* .data*, .bss* */
} ObjectSection;

typedef struct ObjectVariable {
        char name[64];
        uint8_t section;        /* ObjectSection */
        uint8_t size;           /* bytes; 0 if it is no integer or bool */
        uint8_t is_signed;
        uint8_t is_bool;
        uint32_t pad;
        uint64_t initial;       /* its value in the object, sign-extended if signed */
} ObjectVariable;

typedef struct ObjectInfo {
        char ops_name[OBJECT_NAME_MAX];         /* of its struct sched_ext_ops */
        uint32_t has_exit_events;               /* it reports its exits as schedulers/include/scxd-exit.h draws it */
        uint32_t n_variables;
        ObjectVariable variables[OBJECT_VARIABLES_MAX];
} ObjectInfo;

static inline const ObjectVariable *object_info_find(const ObjectInfo *o, const char *name) {
        for (uint32_t i = 0; i < o->n_variables && i < OBJECT_VARIABLES_MAX; i++)
                if (strncmp(o->variables[i].name, name, sizeof(o->variables[i].name)) == 0)
                        return &o->variables[i];
        return NULL;
}
