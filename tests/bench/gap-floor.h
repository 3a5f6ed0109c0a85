/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The kernel's floor: a scheduler that is loaded and verified, its ops installed, replaces the one that is attached, with two calls
 * back to back and nothing around them. */

#include "macro.h"

typedef struct Floor Floor;

int floor_new(Floor **ret);
Floor *floor_free(Floor *f);    /* detaches what is attached */
DEFINE_POINTER_CLEANUP(Floor *, floor_free);

/* Enables the first one. */
int floor_start(Floor *f, const char *object);

typedef struct FloorTimes {
        uint64_t began, attach_began, ended;    /* CLOCK_MONOTONIC, ns */
} FloorTimes;

/* Loads the object, then swaps. expedited: with rcu_expedited set for the length of the swap, as scxd does it. */
int floor_swap(Floor *f, const char *object, bool expedited, FloorTimes *ret);
