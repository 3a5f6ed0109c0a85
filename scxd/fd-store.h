/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* systemd's fd store: what we hand over there outlives us, and comes back to the next scxd. */

#include "macro.h"

/* systemd keeps fds for us ($FDSTORE). */
bool fd_store_available(void);

/* Stores a duplicate of fd under this name. Names are not unique there: remove first. */
int fd_store_push(const char *name, int fd);
int fd_store_remove(const char *name);

/* The fds that came back, by name: takes the first of that name out of what systemd passed at start, -ENOENT if there is none. The fd
 * is close-on-exec. */
int fd_store_take(const char *name);

/* Closes those that nobody took, and forgets the environment variables. */
void fd_store_close_rest(void);
