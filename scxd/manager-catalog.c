/* SPDX-License-Identifier: GPL-2.0-only */
#include <systemd/sd-daemon.h>

#include "bus-manager.h"
#include "log-ids.h"
#include "log.h"
#include "manager-internal.h"

/* The manager's life, and the catalog's: read at start, where a bad file costs only what it defines; and again on reload, where it is
 * all or nothing. */

static void strv_free(char **v) {
        for (size_t i = 0; v && v[i]; i++)
                free(v[i]);
        free(v);
}

static char **format_problems(const Diagnostics *d) {
        char **v;

        v = calloc(d->n_items + 1, sizeof(char *));
        for (size_t i = 0; v && i < d->n_items; i++) {
                v[i] = diagnostic_format(&d->items[i]);
                if (!v[i]) {
                        strv_free(v);
                        return NULL;
                }
        }
        return v;
}

static void log_problems(const Diagnostics *d) {
        for (size_t i = 0; i < d->n_items; i++) {
                _cleanup_(freep) char *text = diagnostic_format(&d->items[i]);

                log_structured(LOG_WARNING, SCXD_MESSAGE_BAD_FILE_STR, NULL, "%s", strempty(text));
        }
        if (d->n_dropped > 0)
                log_warning("… and %zu more problems", d->n_dropped);
}

static void adopt_catalog(Manager *m, Catalog *catalog, const Settings *settings, const Diagnostics *diagnostics,
                          const KernelFeatures *features) {
        m->settings = *settings;
        switcher_set_expedite(m->switcher, settings->expedite_swap);
        catalog_unref(m->catalog);
        m->catalog = catalog_ref(catalog);
        m->features = *features;
        strv_free(m->problems);
        m->problems = format_problems(diagnostics);
}

static int begin_load(Manager *m);

static void say_ready(void) {
        (void) sd_notify(false, "READY=1");
}

static void on_catalog(int error, Catalog *catalog, const Settings *settings, const Diagnostics *diagnostics,
                       const KernelFeatures *features, void *userdata) {
        Manager *m = userdata;
        int r;

        log_problems(diagnostics);

        if (!m->ready) {
                if (error < 0)
                        log_error_errno(error, "Cannot read the profiles; there are none");
                else
                        adopt_catalog(m, catalog, settings, diagnostics, features);
                m->catalog_load = catalog_load_free(m->catalog_load);
                m->ready = true;
                log_info("%zu profiles and %zu schedulers are defined", catalog_n_profiles(m->catalog),
                         catalog_n_schedulers(m->catalog));
                manager_begin_first(m);
                r = manager_bus_acquire_name(m->bus);
                if (r < 0) {
                        log_error_errno(r, "Cannot take the bus name org.scx.Manager1");
                        (void) sd_event_exit(m->event, r);
                        return;
                }
                return;         /* READY is said when the bus has given us the name */
        }

        if (m->reload_again) {
                /* Somebody asked while this was under way, perhaps for a file written since: all are answered by the next. */
                m->reload_again = false;
                m->catalog_load = catalog_load_free(m->catalog_load);
                r = begin_load(m);
                if (r >= 0)
                        return;
                error = r;
        }

        if (error < 0) {
                log_error_errno(error, "Reload failed, nothing was changed");
                if (m->reload)
                        request_fail(m->reload, BUS_ERROR("ReloadFailed"), "Nothing was changed: %s.", strerror(-error));
        } else if (diagnostics->n_items > 0) {
                _cleanup_(freep) char *text = diagnostics_format(diagnostics);

                log_warning("Reload refused, nothing was changed");
                if (m->reload)
                        request_fail(m->reload, BUS_ERROR("ReloadFailed"), "Nothing was changed, because files are bad:\n%s",
                                     strempty(text));
        } else {
                adopt_catalog(m, catalog, settings, diagnostics, features);
                manager_review(m);
                log_info("Reloaded: %zu profiles and %zu schedulers are defined", catalog_n_profiles(m->catalog),
                         catalog_n_schedulers(m->catalog));
                if (m->reload)
                        manager_bus_answer_reload(m, m->reload);
        }
        m->reload = request_free(m->reload);
        m->catalog_load = catalog_load_free(m->catalog_load);
        manager_publish(m);
        if (m->reload_signalled) {
                m->reload_signalled = false;
                say_ready();
        }
}

static int begin_load(Manager *m) {
        return catalog_load_start(m->event, m->config->loader_path, &m->config->paths, on_catalog, m, &m->catalog_load);
}

/* Returns -EXFULL if too many wait. */
static int reload(Manager *m, sd_bus_message *message) {
        int r;

        if (message) {
                if (!m->reload) {
                        r = request_new(&m->reload);
                        if (r < 0)
                                return r;
                }
                r = request_add_waiter(m->reload, message);
                if (r < 0)
                        return r;
        }
        if (m->catalog_load) {
                m->reload_again = m->ready;     /* the first load reads all there is anyway */
                return 0;
        }
        r = begin_load(m);
        if (r < 0 && m->reload) {
                request_fail(m->reload, BUS_ERROR("ReloadFailed"), "Nothing was changed: %s.", strerror(-r));
                m->reload = request_free(m->reload);
                return 0;
        }
        manager_publish(m);
        return r;
}

int manager_reload(Manager *m, sd_bus_message *message) {
        int r;

        r = reload(m, message);
        if (r == -EXFULL)
                return sd_bus_reply_method_errorf(message, BUS_ERROR("TooManyRequests"), "Too many clients wait for a reload already.");
        return r < 0 ? r : 1;
}

void manager_reload_signalled(Manager *m) {
        int r;

        (void) sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now_usec(CLOCK_MONOTONIC));
        m->reload_signalled = m->ready;
        r = reload(m, NULL);
        if (r < 0) {
                log_error_errno(r, "Reload failed, nothing was changed");
                m->reload_signalled = false;
                say_ready();
        }
}

static int on_look_again(sd_event_source *source, uint64_t usec, void *userdata) {
        manager_look(userdata);
        return 0;
}

int manager_new(sd_event *event, const ManagerConfig *config, Manager **ret) {
        _cleanup_(manager_freep) Manager *m = NULL;
        int r;

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->config = config;
        m->settings = settings_default;
        m->event = sd_event_ref(event);
        r = catalog_new(&m->catalog);
        if (r < 0)
                return r;
        r = switcher_new(event, config->sysfs, config->loader_path, config->runtime_directory, manager_on_ejected, m, &m->switcher);
        if (r < 0)
                return r;
        r = manager_health_init(m);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &m->look_again, CLOCK_MONOTONIC, 0, 0, on_look_again, m);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(m->look_again, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(m);
        return 0;
}

Manager *manager_free(Manager *m) {
        if (!m)
                return NULL;
        catalog_load_free(m->catalog_load);
        watchdog_free(m->watchdog);
        switcher_free(m->switcher);
        kernel_monitor_free(m->monitor);
        sd_event_source_disable_unref(m->look_again);
        request_free(m->reload);
        request_free(m->request);
        activation_free(m->active);
        activation_free(m->wanted);
        catalog_unref(m->catalog);
        strv_free(m->problems);
        manager_health_done(m);
        free(m->stopped_by);
        free(m->choice_missing);
        free(m->since_what);
        manager_bus_free(m->bus);
        sd_event_unref(m->event);
        return mfree(m);
}

static void on_uevent(void *userdata) {
        Manager *m = userdata;

        m->n_looks = 0;
        manager_look(m);
}

int manager_start(Manager *m) {
        int r;

        r = kernel_read(m->config->sysfs, &m->kernel);
        if (r < 0)
                return log_error_errno(r, "Cannot read the kernel's state of sched_ext");
        if (m->kernel.state == KERNEL_STATE_UNSUPPORTED)
                log_warning("This kernel has no sched_ext: only its own EEVDF can run");
        else {
                r = kernel_monitor_new(m->event, on_uevent, m, &m->monitor);
                if (r < 0)
                        return log_error_errno(r, "Cannot listen to the kernel's events");
        }

        r = manager_bus_new(m, &m->bus);
        if (r < 0)
                return log_error_errno(r, "Cannot connect to the system bus");

        (void) sd_notify(false, "STATUS=Reading profiles");
        r = begin_load(m);
        if (r < 0)
                return log_error_errno(r, "Cannot look into the schedulers: %s cannot be run", m->config->loader_path);
        return 0;
}
