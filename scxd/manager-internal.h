/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the manager's own files (manager.c, manager-catalog.c) call of each other, and nobody else. */

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "manager.h"

uint64_t now_usec(clockid_t clock);
PolicyInput manager_policy_input(const Manager *m, const Activation *a);
void manager_publish(Manager *m);
void manager_save(Manager *m);
void manager_settle(Manager *m);
void manager_drop_pursuit(Manager *m, const char *error_name, const char *why);

void manager_on_ejected(Switcher *switcher, const struct scxd_exit_event *exit, void *userdata);

/* Takes up the choice that was saved: called once, when the catalog is there. */
void manager_begin_first(Manager *m);

/* Brings systemd's fd store up to date with what runs. */
void manager_keep(Manager *m);

/* Takes over what an earlier scxd left running: true if m->active is set by it. If that has ended meanwhile nothing of ours runs and
 * *ret_exit may have the kernel's word on it (the caller's to free). */
bool manager_adopt(Manager *m, struct scxd_exit_event **ret_exit);
