/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the files of the bus interface (bus-manager.c, bus-lists.c, bus-connection.c) know of each other. */

#include "bus-manager.h"

#define BUS_NAME "org.scx.Manager1"
#define BUS_PATH "/org/scx/Manager1"
#define BUS_INTERFACE "org.scx.Manager1"

/* The properties that change, each as text for comparing with what was published before. */
typedef enum Published {
        PUBLISHED_ACTIVE_PROFILE,
        PUBLISHED_ACTIVE_SCHEDULER,
        PUBLISHED_ORIGIN,
        PUBLISHED_KERNEL_STATE,
        PUBLISHED_KERNEL_OPS,
        PUBLISHED_SINCE,
        PUBLISHED_SINCE_MONOTONIC,
        PUBLISHED_WHY,
        PUBLISHED_NEXT,
        PUBLISHED_ACTIVITY,
        PUBLISHED_LAST_EXIT,
        PUBLISHED_PROBLEMS,
        PUBLISHED_FEATURES,
        PUBLISHED_BTF_BROKEN,
        _PUBLISHED_MAX,
} Published;

struct ManagerBus {
        Manager *manager;
        sd_bus *bus;                    /* NULL while the bus is away */
        sd_event_source *reconnect;
        uint64_t reconnect_usec;
        bool want_name;
        char *published[_PUBLISHED_MAX];
};

static inline void message_unrefp(sd_bus_message **m) {
        sd_bus_message_unref(*m);
}

/* bus-manager.c */
extern const sd_bus_vtable manager_vtable[];

/* bus-manager.c, for bus-history.c: returns 0, or what to return after an answer was sent. */
int bus_refuse_options(sd_bus_message *call);
int bus_refuse_early(const Manager *m, sd_bus_message *call);

/* bus-history.c */
int method_history(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_history_entry(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_explain(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_reset_failed(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* The dictionary of a scheduler's end as LastExit and Ejected have it; empty for NULL. */
int bus_append_exit(sd_bus_message *m, const History *h, const HistoryEntry *e);

/* bus-lists.c */
int method_list_profiles(sd_bus_message *call, void *userdata, sd_bus_error *error);
int method_list_schedulers(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* Opens a "KEY": variant of this type inside a dictionary, to be closed by bus_close_entry(). */
int bus_open_entry(sd_bus_message *m, const char *key, const char *type);
int bus_close_entry(sd_bus_message *m);
