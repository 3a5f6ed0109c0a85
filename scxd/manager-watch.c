/* SPDX-License-Identifier: GPL-2.0-only */
#include <limits.h>
#include <stdio.h>

#include "log.h"
#include "manager-internal.h"

/* The profile's limit on wake-up latency: watched inside the kernel while a scheduler of ours runs, a failure like any other when it is
 * broken for long enough. A profile without the limit loads nothing. */

static void on_late(Watchdog *w, const WatchdogReport *report, void *userdata) {
        Manager *m = userdata;
        Activation *a = m->active;

        if (report->error < 0) {
                log_warning("Wake-up latency cannot be watched: %s", report->text);
                m->watch_impossible = true;
                return;
        }
        /* While something else is on its way the one that is late is about to go anyway. */
        if (!a || m->pursuing || !switcher_has_current(m->switcher) || a->current == ACTIVATION_EEVDF)
                return;

        manager_note_end(m, EXIT_KIND_LATE, NULL, report->text, NULL);
        (void) manager_judge(m, a, a->current, EXIT_KIND_LATE, 0, report->text, false);
        manager_set_outcome(m, "falling back");
        manager_pursue(m);
}

void manager_watch(Manager *m) {
        uint64_t limit = m->active && switcher_has_current(m->switcher) ? m->active->profile->max_wakeup_latency_usec : 0;
        uint64_t generation = switcher_generation(m->switcher);
        char object[PATH_MAX];
        int r;

        if (m->pursuing) {      /* what waits during a swap is nobody's fault */
                if (m->watchdog)
                        watchdog_disarm(m->watchdog);
                m->watched_generation = 0;
                return;
        }
        if (limit != m->watched_usec) {
                m->watchdog = watchdog_free(m->watchdog);
                m->watched_usec = limit;
                m->watched_generation = 0;
                m->watch_impossible = false;
        }
        if (limit == 0 || m->watch_impossible || m->watched_generation == generation)
                return;

        m->watched_generation = generation;
        if (m->watchdog) {
                r = watchdog_arm(m->watchdog);
        } else {
                if (snprintf(object, sizeof(object), "%s/%s", m->config->paths.object_directory, WATCHDOG_OBJECT) >= (int) sizeof(object))
                        r = -ENAMETOOLONG;
                else
                        r = watchdog_start(m->event, m->config->loader_path, object, limit, on_late, m, &m->watchdog);
        }
        if (r < 0) {
                log_error_errno(r, "Wake-up latency cannot be watched");
                m->watch_impossible = true;
        }
}
