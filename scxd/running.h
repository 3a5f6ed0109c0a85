/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the next scxd must know of the scheduler that this one leaves running: goes into the fd store beside its fds. */

#include "loader-protocol.h"
#include "profile.h"

typedef struct Running {
        char *profile;
        char *scheduler;
        size_t candidate;               /* of the profile's chain */
        char *wish;                     /* who asked for the profile */
        char ops_name[OBJECT_NAME_MAX];
        uint64_t enable_seq;            /* the kernel's, since it was attached */
        uint64_t since_realtime, since_monotonic;
        uint32_t fds;                   /* which of its fds are stored: LOADER_FD_ bits */
        LoaderGlobals globals;          /* where its live knobs are */
        char *failures[CANDIDATES_MAX]; /* of the profile's chain; NULL: nothing known against it */
        uint64_t retry_usec[CANDIDATES_MAX];    /* when it is tried again, CLOCK_MONOTONIC; 0: not by itself */
} Running;

void running_done(Running *r);

/* As a sealed memfd. Returns the fd or negative errno. */
int running_to_fd(const Running *r);

/* -EBADMSG if it is not what running_to_fd() writes. */
int running_from_fd(int fd, Running *ret);
