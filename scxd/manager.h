/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Wires the rest: keeps the wishes, has policy decide, has the switcher act, and knows what is so. The bus shows it. */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "catalog-load.h"
#include "history.h"
#include "policy.h"
#include "quarantine.h"
#include "request.h"
#include "store.h"
#include "switcher.h"
#include "watchdog.h"

typedef struct Manager Manager;
typedef struct ManagerBus ManagerBus;

typedef struct ManagerConfig {
        const char *sysfs;              /* "/sys" */
        const char *sysrq_trigger;      /* "/proc/sysrq-trigger" */
        const char *loader_path;
        const char *state_directory;
        const char *runtime_directory;  /* NULL: RCU grace periods are left as they are during a swap */
        uint64_t backoff_usec;          /* HEALTH_BACKOFF_USEC; shorter for tests */
        CatalogPaths paths;
} ManagerConfig;

typedef enum ManagerActivity {
        MANAGER_STARTING,
        MANAGER_IDLE,
        MANAGER_SWITCHING,
        MANAGER_FALLING_BACK,
        MANAGER_RELOADING,
        _MANAGER_ACTIVITY_MAX,
        _MANAGER_ACTIVITY_INVALID = -EINVAL,
} ManagerActivity;

DECLARE_STRING_TABLE(manager_activity, ManagerActivity);

struct Manager {
        const ManagerConfig *config;
        sd_event *event;
        ManagerBus *bus;                /* may be NULL in tests */

        Catalog *catalog;
        Settings settings;
        char **problems;                /* NULL-terminated */
        KernelFeatures features;
        CatalogLoad *catalog_load;
        Request *reload;                /* who waits for it; NULL at start */
        bool reload_again;              /* one more was asked for while it was under way */
        bool reload_signalled;          /* SIGHUP asked for it: systemd waits, too */
        bool ready;

        KernelMonitor *monitor;
        KernelStatus kernel;            /* as it was read last */
        sd_event_source *look_again;    /* timer: the kernel was passing through a state */
        unsigned n_looks;

        Switcher *switcher;
        Activation *active;             /* the profile that is in force; NULL if none */
        Activation *wanted;             /* a wish that is being carried out, before it is in force */
        Request *request;               /* who waits for it; NULL if nobody does (a choice restored at start) */
        size_t pursued;                 /* the candidate that the switcher is bringing up */
        bool pursuing;
        bool evicting;                  /* it begins when somebody else's scheduler has ended */

        StopReason stopped;
        char *stopped_by;
        char *choice_missing;           /* the choice saved earlier, if no such profile is defined */

        History history;
        bool history_lost;              /* it was said that it cannot be kept */
        char *run_scheduler, *run_profile;      /* what runs, as the history has it; NULL: nothing of ours */
        uint64_t run_since;             /* realtime */

        Quarantine quarantine;
        char boot[64], release[128];    /* this boot's id, this kernel's release */
        sd_event_source *retry;         /* timer: a scheduler that failed is tried again */
        uint64_t retry_usec;            /* when, if it is armed; else 0 */
        size_t retried;                 /* 1 + the candidate of active that is being tried again; 0: none */

        uint64_t exit_generation;       /* counts changes of the history, for change signals */
        Watchdog *watchdog;             /* of wake-up latency; NULL if the profile in force has no limit */
        uint64_t watched_usec;          /* that limit */
        uint64_t watched_generation;    /* of the switcher, when it was armed; 0 while it is not */
        bool watch_impossible;

        bool kept;                      /* the fd store was set up once */
        uint64_t kept_generation;       /* of the switcher, when the fd store was brought up to date */
        uint64_t since_realtime, since_monotonic;       /* of what runs now; 0 if not known */
        char *since_what;
};

int manager_new(sd_event *event, const ManagerConfig *config, Manager **ret);
Manager *manager_free(Manager *m);
DEFINE_POINTER_CLEANUP(Manager *, manager_free);

/* Starts reading catalog and kernel, and watching. Says READY to systemd when done, from the event loop. */
int manager_start(Manager *m);

/* We end, but what runs goes on if systemd keeps it for the next scxd: returns true then. Else freeing the manager detaches it. */
bool manager_leave(Manager *m);

/* SIGHUP. */
void manager_reload_signalled(Manager *m);

/* What clients ask for, once we are ready (the bus holds back what comes earlier). They answer the message themselves, now or later; negative errno makes sd-bus answer. */
/* force: somebody else's scheduler is ended for it. */
int manager_switch(Manager *m, sd_bus_message *message, uid_t uid, const char *profile, bool force);
int manager_stop(Manager *m, sd_bus_message *message, uid_t uid);
int manager_reload(Manager *m, sd_bus_message *message);
int manager_reset_failed(Manager *m, sd_bus_message *message, uid_t uid, const char *scheduler);

/* Why everything is as it is, as policy_derive() does; to be freed by policy_steps_done(). */
int manager_derive(const Manager *m, PolicyStep steps[static POLICY_STEPS_MAX]);

/* Reads the kernel's state again, and acts on what has changed. */
void manager_look(Manager *m);

/* What is so, for the bus. Strings are the manager's or constants, valid until it changes; newly allocated where it says so. */
const char *manager_active_profile(const Manager *m);
const char *manager_active_scheduler(const Manager *m);
const char *manager_origin(const Manager *m);
char *manager_why(const Manager *m);            /* newly allocated */
const char *manager_next_if_failed(const Manager *m);
ManagerActivity manager_activity(const Manager *m);
