/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* RCU grace periods are most of the time that a swap takes; the kernel makes them short while /sys/kernel/rcu_expedited is 1. It is set
 * for the length of a swap, and always set back: a marker in the runtime directory tells whoever comes after a crash
 * (`scxd --clean-up`, run by systemd whenever the daemon has ended). */

#include "macro.h"

typedef struct Expedite {
        const char *sysfs;
        const char *runtime_directory;  /* for the marker */
        bool off;                       /* the administrator does not want it */
        bool active;                    /* we set it, and must set it back */
} Expedite;

/* Sets it, unless it is set already, or the kernel is told to prefer normal grace periods (rcu_normal), or it cannot be undone safely.
 * Never fails: without it a swap only takes longer. */
void expedite_begin(Expedite *e);
void expedite_end(Expedite *e);

/* Sets back what a daemon that died in a swap left behind. Returns 1 if there was something, 0 if not, negative errno. */
int expedite_clean_up(const char *sysfs, const char *runtime_directory);
