/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Who may ask for what. The answer comes through a callback, because asking polkit takes as long as a person takes to type a password. */

#include <systemd/sd-bus.h>

#include "macro.h"

typedef enum Action {
        ACTION_SWITCH,
        ACTION_STOP,
        ACTION_RELOAD,
        ACTION_RESET_FAILED,
        _ACTION_MAX,
        _ACTION_INVALID = -EINVAL,
} Action;

DECLARE_STRING_TABLE(action, Action);   /* polkit action ids: "org.scx.manager1.switch", … */

/* Allowed: the callee carries the call out and answers it. Returns negative errno for an answer of sd-bus's making. */
typedef int (*authorize_handler_t)(sd_bus_message *m, uid_t uid, void *userdata);

/* Calls handler if the sender may do this; else answers AccessDenied itself. Returns what the handler returned.
 * Now: root only. No state may change before the handler is called. */
int authorize(sd_bus_message *m, Action action, authorize_handler_t handler, void *userdata);
