/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* org.scx.Manager1 on the system bus: shows the manager and brings it what clients ask for. dbus/org.scx.Manager1.xml documents it. */

#include "manager.h"

#define BUS_ERROR(name) "org.scx.Manager1.Error." name

/* Connects; comes back by itself if the bus goes away. */
int manager_bus_new(Manager *m, ManagerBus **ret);
ManagerBus *manager_bus_free(ManagerBus *b);
DEFINE_POINTER_CLEANUP(ManagerBus *, manager_bus_free);

/* Asks for the bus name: clients can find us from now on. */
int manager_bus_acquire_name(ManagerBus *b);

/* Sends PropertiesChanged for what differs from what was sent before. NULL is fine. */
void manager_bus_publish(ManagerBus *b);

/* Sends SchedulerChanged, and Ejected if it is the end of a scheduler that nobody asked for. NULL is fine. */
void manager_bus_emit_history(ManagerBus *b, const HistoryEntry *e);

/* The answer to ResetFailed, to which the names of those lifted are appended in between. Sending takes it over. */
int manager_bus_new_reset_reply(sd_bus_message *call, sd_bus_message **ret);
int manager_bus_send_reset_reply(sd_bus_message *reply);

/* Answer all who wait, after the fact. */
void manager_bus_answer_switch(Manager *m, Request *q);
void manager_bus_answer_reload(Manager *m, Request *q);
