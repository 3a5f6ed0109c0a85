/* SPDX-License-Identifier: GPL-2.0-only */
#include <systemd/sd-daemon.h>

#include "bus-internal.h"
#include "log.h"

/* The connection to the bus and our name on it; comes back by itself if the bus goes away. */

/* After the bus went away it is tried again after this long, doubled up to the second figure. */
#define RECONNECT_MIN_USEC (250 * UINT64_C(1000))
#define RECONNECT_MAX_USEC (30 * UINT64_C(1000000))

static int request_name(ManagerBus *b);
static int on_disconnected(sd_bus_message *signal, void *userdata, sd_bus_error *error);

static int connect_bus(ManagerBus *b) {
        sd_bus *bus = NULL;
        int r;

        r = sd_bus_open_system_with_description(&bus, "scxd");
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(bus, false);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_INTERFACE, manager_vtable, b);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, "org.freedesktop.DBus.Local", NULL, "org.freedesktop.DBus.Local", "Disconnected",
                                        on_disconnected, b);
        if (r >= 0)
                r = sd_bus_attach_event(bus, b->manager->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0) {
                sd_bus_close_unref(bus);
                return r;
        }
        b->bus = bus;
        return 0;
}

static int on_reconnect(sd_event_source *source, uint64_t usec, void *userdata) {
        ManagerBus *b = userdata;
        int r;

        if (b->bus) {           /* what is left of the old connection; its own callback could not free it */
                sd_bus_detach_event(b->bus);
                b->bus = sd_bus_close_unref(b->bus);
        }
        r = connect_bus(b);
        if (r >= 0 && b->want_name)
                r = request_name(b);
        if (r >= 0) {
                log_notice("Back on the system bus");
                b->reconnect_usec = RECONNECT_MIN_USEC;
                return 0;
        }

        b->reconnect_usec = MIN(b->reconnect_usec * 2, RECONNECT_MAX_USEC);
        (void) sd_event_source_set_time_relative(b->reconnect, b->reconnect_usec);
        (void) sd_event_source_set_enabled(b->reconnect, SD_EVENT_ONESHOT);
        return 0;
}

static int on_disconnected(sd_bus_message *signal, void *userdata, sd_bus_error *error) {
        ManagerBus *b = userdata;

        /* The scheduler runs on: who asked for it is not what keeps it. */
        log_warning("The system bus went away; waiting for it to come back");
        (void) sd_event_source_set_time_relative(b->reconnect, b->reconnect_usec);
        (void) sd_event_source_set_enabled(b->reconnect, SD_EVENT_ONESHOT);
        return 0;
}

static int on_name(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        ManagerBus *b = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(reply);
        uint32_t code;

        if (e) {
                log_error("The bus refuses the name " BUS_NAME ": %s", e->message);
                (void) sd_event_exit(b->manager->event, -EPERM);
        } else if (sd_bus_message_read(reply, "u", &code) < 0 || (code != 1 && code != 4)) {    /* primary owner, already owner */
                log_error("The name " BUS_NAME " is taken: another scxd runs");
                (void) sd_event_exit(b->manager->event, -EEXIST);
        } else
                (void) sd_notify(false, "READY=1");     /* clients can find us now */
        return 0;
}

static int request_name(ManagerBus *b) {
        return sd_bus_request_name_async(b->bus, NULL, BUS_NAME, 0, on_name, b);
}

int manager_bus_acquire_name(ManagerBus *b) {
        b->want_name = true;
        return b->bus ? request_name(b) : 0;
}

int manager_bus_new(Manager *m, ManagerBus **ret) {
        _cleanup_(manager_bus_freep) ManagerBus *b = NULL;
        int r;

        b = calloc(1, sizeof(*b));
        if (!b)
                return -ENOMEM;
        b->manager = m;
        b->reconnect_usec = RECONNECT_MIN_USEC;
        r = sd_event_add_time(m->event, &b->reconnect, CLOCK_MONOTONIC, 0, 0, on_reconnect, b);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(b->reconnect, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = connect_bus(b);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(b);
        return 0;
}

ManagerBus *manager_bus_free(ManagerBus *b) {
        if (!b)
                return NULL;
        sd_bus_flush_close_unref(b->bus);
        sd_event_source_disable_unref(b->reconnect);
        for (Published p = 0; p < _PUBLISHED_MAX; p++)
                free(b->published[p]);
        return mfree(b);
}
