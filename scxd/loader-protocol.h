/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What scxd and its short-lived helper scxd-loader say to each other over a SOCK_SEQPACKET socket (the helper's fd 3): one
 * request, one reply, any number of times; end of file ends the helper. Both come from one build, so plain structs do; sizes
 * are checked all the same, because the helper has parsed files that scxd does not trust. */

#include "kernel-feature.h"
#include "object-info.h"
#include "scheduler.h"

#define LOADER_SOCKET_FD 3
#define LOADER_MESSAGE_MAX 4096u

typedef enum LoaderVerb {
        LOADER_PROBE,           /* → KernelFeatures */
        LOADER_INSPECT,         /* path → ObjectInfo */
        LOADER_LOAD,            /* path, knobs, ops settings → fds of a scheduler that only needs to be attached, LoaderGlobals */
        LOADER_WATCH,           /* path, constants as knobs → fds of a tracing program that only needs to be attached */
        _LOADER_VERB_MAX,
} LoaderVerb;

/* Where a load failed, for the person who reads the message. */
typedef enum LoaderStage {
        LOADER_STAGE_NONE,
        LOADER_STAGE_OPEN,      /* no such object, not an ELF, no struct sched_ext_ops */
        LOADER_STAGE_KNOBS,     /* a knob that the object does not have in that form */
        LOADER_STAGE_LOAD,      /* the kernel (its verifier) refused it */
        LOADER_STAGE_PREPARE,   /* loaded, but the kernel refused its ops */
        _LOADER_STAGE_MAX,
        _LOADER_STAGE_INVALID = -EINVAL,
} LoaderStage;

DECLARE_STRING_TABLE(loader_stage, LoaderStage);        /* "open", "knobs", "load", "prepare" */

typedef struct LoaderKnob {
        char name[64];
        uint8_t type;           /* KnobType */
        uint8_t set;            /* KnobSet */
        uint8_t pad[6];
        KnobValue value;
} LoaderKnob;

typedef struct LoaderRequest {
        uint32_t verb;          /* LoaderVerb */
        uint32_t timeout_ms;    /* LOAD: ops.timeout_ms; 0 leaves the object's own */
        uint32_t n_knobs;
        uint32_t pad;
        char path[4096];
        LoaderKnob knobs[KNOBS_MAX];
} LoaderRequest;

/* Which fds follow a LOAD or WATCH reply, in this order, those that are there (bits of LoaderReply.fds). */
enum {
        LOADER_FD_OPS = 1 << 0,         /* the struct_ops map, value installed: bpf_link_create() attaches it */
        LOADER_FD_EXIT = 1 << 1,        /* the ring buffer of exit events */
        LOADER_FD_GLOBALS = 1 << 2,     /* the map behind .data, mmapable: live knobs, statistics */
        LOADER_FD_BSS = 1 << 3,         /* the map behind .bss */
        LOADER_FD_PROGRAM = 1 << 4,     /* of a WATCH, always with its ring buffer (EXIT) and its state (BSS) */
};
#define LOADER_FDS_MAX 4u

/* Where a live knob lives in the running program: at this offset of the map behind .data or .bss. */
typedef struct LoaderGlobal {
        char name[64];
        uint32_t fd;            /* LOADER_FD_GLOBALS or LOADER_FD_BSS */
        uint32_t offset;
        uint32_t size;          /* bytes: 1, 2, 4 or 8 */
        uint32_t pad;
} LoaderGlobal;

typedef struct LoaderGlobals {
        uint32_t n;
        uint32_t pad;
        LoaderGlobal items[KNOBS_MAX];
} LoaderGlobals;

typedef struct LoaderReply {
        uint32_t verb;
        int32_t error;          /* 0 or negative errno */
        uint32_t stage;         /* LoaderStage, where it failed */
        uint32_t fds;
        char ops_name[OBJECT_NAME_MAX];
        char message[LOADER_MESSAGE_MAX];       /* why it failed, for a person: one or a few lines, the useful ones of the verifier's log */
        union {
                KernelFeatures features;
                ObjectInfo object;
                LoaderGlobals globals;
        };
} LoaderReply;

/* What the other side sent is not believed. Both make strings end and counts fit first, then return 0 or -EBADMSG. Text of a reply
 * comes back as printable UTF-8, because it goes on to terminals and D-Bus. Pure. */
int loader_request_check(LoaderRequest *request);
int loader_reply_check(LoaderReply *reply, uint32_t verb, size_t n_fds);
