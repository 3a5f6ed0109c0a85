/* SPDX-License-Identifier: GPL-2.0-only */
#include "authorize.h"

static const char *const action_table[_ACTION_MAX] = {
        [ACTION_SWITCH] = "org.scx.manager1.switch",
        [ACTION_STOP] = "org.scx.manager1.stop",
        [ACTION_RELOAD] = "org.scx.manager1.reload",
        [ACTION_RESET_FAILED] = "org.scx.manager1.reset-failed",
};

DEFINE_STRING_TABLE(action, Action)

static const char *describe(Action a) {
        switch (a) {
        case ACTION_SWITCH:
                return "switch profiles";
        case ACTION_STOP:
                return "stop the scheduler";
        case ACTION_RELOAD:
                return "reload the profiles";
        case ACTION_RESET_FAILED:
                return "lift a quarantine";
        default:
                return "do this";
        }
}

int authorize(sd_bus_message *m, Action action, authorize_handler_t handler, void *userdata) {
        sd_bus_creds *creds = NULL;
        uid_t uid;
        int r;

        /* The bus driver's own word on the sender; nothing that the sender could have written. */
        r = sd_bus_query_sender_creds(m, SD_BUS_CREDS_EUID, &creds);
        if (r >= 0)
                r = sd_bus_creds_get_euid(creds, &uid);
        sd_bus_creds_unref(creds);
        if (r < 0)
                return r;
        if (uid != 0)
                return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED, "Only root may %s.", describe(action));
        return handler(m, uid, userdata);
}
