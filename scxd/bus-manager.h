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

/* Sends the signal Ejected. NULL is fine. */
void manager_bus_emit_ejected(ManagerBus *b, const ExitRecord *e);

/* Answer all who wait, after the fact. */
void manager_bus_answer_switch(Manager *m, Request *q);
void manager_bus_answer_reload(Manager *m, Request *q);
