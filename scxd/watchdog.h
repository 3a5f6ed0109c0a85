/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The watchdog for wake-up latency: a BPF program that speaks when tasks again and again wait too long until they run, and is silent
 * otherwise (schedulers/watchdog/README.md says what counts). Nothing here polls: between two events it costs scxd nothing. */

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "macro.h"

/* The kernel's tick, by which the program looks, comes every 1 to 10 ms. */
#define WATCHDOG_LIMIT_MIN_USEC UINT64_C(1000)
#define WATCHDOG_LIMIT_MAX_USEC UINT64_C(30000000)

#define WATCHDOG_OBJECT "watchdog-wakeup.bpf.o" /* in SCXD_OBJECT_DIR */

typedef struct Watchdog Watchdog;

typedef struct WatchdogReport {
        int error;              /* 0, or why there is no watch (negative errno): then only text is filled in besides */
        uint64_t limit_usec;
        uint64_t late;          /* so many waits were longer than the limit */
        uint64_t trouble_usec;  /* within this time */
        uint64_t worst_usec;    /* the longest of them so far */
        pid_t worst_pid;        /* by this task */
        char worst_comm[16];    /* of this name, printable */
        char text[512];         /* all of that for a person, without a full stop */
} WatchdogReport;

/* Called from the event loop, once: when the limit is broken for good, or when watching turned out to be impossible. The watchdog is
 * quiet from then on until watchdog_arm(). The handler may free it. report is valid during the call only. */
typedef void (*watchdog_handler_t)(Watchdog *w, const WatchdogReport *report, void *userdata);

/* Loads object (an absolute path) by loader (scxd-loader) in the background and arms it then. Returns -ERANGE for a limit beyond the
 * bounds above, or why the loader could not be started. */
int watchdog_start(sd_event *event, const char *loader, const char *object, uint64_t limit_usec, watchdog_handler_t handler,
                   void *userdata, Watchdog **ret);

/* Watches from now on; what was counted before is forgotten. For a scheduler that has just been started. While it is still being loaded
 * this only says that it is wanted. Returns why it could not be attached. */
int watchdog_arm(Watchdog *w);

/* Takes the program out of the kernel's way but keeps it loaded. Call it before a switch: the tasks of the old scheduler that wait
 * while EEVDF runs are nobody's fault. No handler is called until it is armed again. */
void watchdog_disarm(Watchdog *w);

/* true while the program is in place (not yet while it is being loaded, not any more after a report). */
bool watchdog_is_armed(const Watchdog *w);

/* NULL is fine. Returns NULL. */
Watchdog *watchdog_free(Watchdog *w);
DEFINE_POINTER_CLEANUP(Watchdog *, watchdog_free);

struct scxd_wakeup_event;

/* Makes a report of what the program said. Returns -EBADMSG if it is none. Pure. */
int watchdog_report_from_event(const struct scxd_wakeup_event *event, size_t size, WatchdogReport *ret);
