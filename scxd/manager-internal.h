/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the manager's own files (manager*.c) call of each other, and nobody else. */

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "health.h"
#include "manager.h"

uint64_t now_usec(clockid_t clock);
PolicyInput manager_policy_input(const Manager *m, const Activation *a);
void manager_publish(Manager *m);
void manager_save(Manager *m);

/* The kernel's name of a scheduler that somebody else started; NULL if there is none. */
const char *manager_foreign(const Manager *m);

/* The kernel's state of this moment; on an unreadable one the last that was read stays. */
void manager_read_kernel(Manager *m);

/* A scheduler was (re)started: "since" counts from now even if it has the same name as before. */
void manager_restart_since(Manager *m);

/* A person ended it: nothing is started until somebody asks again. */
void manager_enter_stop(Manager *m, StopReason reason, const char *by);

/* Ends what is being carried out, for this reason. */
void manager_drop_pursuit(Manager *m, const char *error_name, const char *why);
void manager_log_running(Manager *m);

/* manager-pursue.c */

/* Brings up what policy decides for m->wanted, or else for m->active. */
void manager_pursue(Manager *m);

/* Whatever has happened: if what is in force wants a scheduler and none runs, bring it up. */
void manager_settle(Manager *m);

/* The scheduler that was in force has ended. */
void manager_take_exit(Manager *m, const struct scxd_exit_event *exit);
void manager_on_ejected(Switcher *switcher, const struct scxd_exit_event *exit, void *userdata);

/* Takes up the choice that was saved: called once, when the catalog is there. */
void manager_begin_first(Manager *m);

/* Brings systemd's fd store up to date with what runs. */
void manager_keep(Manager *m);

/* Takes over what an earlier scxd left running: true if m->active is set by it. If that has ended meanwhile nothing of ours runs and
 * *ret_exit may have the kernel's word on it (the caller's to free). */
bool manager_adopt(Manager *m, struct scxd_exit_event **ret_exit);

/* manager-health.c: what ends, fails and is tried again, and the history of all that. */

/* Opens what outlived the last scxd: history and quarantine. */
void manager_recall(Manager *m);

/* Brings a scheduler of the active profile back up, if that is due. */
int manager_health_init(Manager *m);
void manager_health_done(Manager *m);

/* What the activation that is in force has arrived at: started, or went on as it was. */
void manager_note_run(Manager *m, bool started);

/* What ran has ended. exit: the kernel's word; why: for EXIT_KIND_STOPPED; either may be NULL. Nothing happens if nothing ran. */
void manager_note_end(Manager *m, ExitKind kind, const struct scxd_exit_event *exit, const char *message, const char *why);

/* It could not be started. */
void manager_note_failure(Manager *m, const char *scheduler, const char *profile, ExitKind kind, const struct scxd_exit_event *exit,
                          const char *message);

/* What became of the latest that ended or failed. */
void manager_set_outcome(Manager *m, const char *format, ...) _printf_(2, 3);

/* ", and is tried again in 30s": what is planned for the latest that failed; "" if nothing is. Newly allocated, NULL if out of memory. */
char *manager_sequel(const Manager *m);

/* Tells the journal and the bus of what was noted, and saves it. Apart from noting, because it takes longer than attaching the standby. */
void manager_announce(Manager *m);

/* Has health decide what the end of this candidate means, and notes it in the activation and the quarantine. */
HealthVerdict manager_judge(Manager *m, Activation *a, size_t candidate, ExitKind kind, uint64_t code, const char *message,
                            bool may_restart);

/* Files or the kernel may have changed: what is held against schedulers may not apply any more. */
void manager_review(Manager *m);

/* Gives up trying again; it is tried again later. */
void manager_postpone_retry(Manager *m);

/* Sets the timer to what is due next. */
void manager_arm_retry(Manager *m);

/* Has the wake-up latency of what runs now watched, as the profile in force wants it (manager-watch.c). */
void manager_watch(Manager *m);

/* Who asked, for people: "root" or "uid 1000"; newly allocated (manager-wish.c). */
int manager_describe_uid(uid_t uid, char **ret);
