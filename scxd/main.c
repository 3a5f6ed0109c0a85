/* SPDX-License-Identifier: GPL-2.0-only */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "config.h"
#include "expedite.h"
#include "log.h"
#include "manager.h"
#include "units.h"

static const char *const config_directories[] = { "/etc/scxd", "/run/scxd", SCXD_DATA_DIR, NULL };

static void help(void) {
        printf("scxd [OPTION…]\n\n"
               "The scheduling-policy manager: loads, switches and watches CPU schedulers.\n"
               "It is started by systemd (scxd.service); use scxctl to talk to it.\n\n"
               "  -h --help      Show this help\n"
               "     --version   Show the version\n"
               "     --clean-up  Set back what a daemon that died in a swap left behind, and exit\n\n"
               "For tests, by environment: SCXD_SYSFS, SCXD_SYSRQ_TRIGGER, SCXD_CONFIG_DIR, SCXD_OBJECT_DIR, SCXD_LOADER,\n"
               "SCXD_BACKOFF_USEC, STATE_DIRECTORY, RUNTIME_DIRECTORY, SCXD_LOG_LEVEL=debug, DBUS_SYSTEM_BUS_ADDRESS.\n");
}

static const char *env_or(const char *name, const char *otherwise) {
        const char *v = getenv(name);

        return v && v[0] ? v : otherwise;
}

/* How long a scheduler that failed waits at first, in microseconds. */
static uint64_t backoff(void) {
        const char *text = getenv("SCXD_BACKOFF_USEC");
        uint64_t usec;

        return text && parse_u64(text, &usec) >= 0 && usec > 0 && usec <= HEALTH_BACKOFF_USEC ? usec : HEALTH_BACKOFF_USEC;
}

static int on_sigterm(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_sighup(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        manager_reload_signalled(userdata);
        return 0;
}

static int add_signals(sd_event *event, Manager *m) {
        int r;

        r = sd_event_add_signal(event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK, on_sigterm, m);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK, on_sigterm, m);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGHUP | SD_EVENT_SIGNAL_PROCMASK, on_sighup, m);
        return r;
}

static inline void event_unrefp(sd_event **e) {
        sd_event_unref(*e);
}

static int run(void) {
        const char *test_directories[] = { getenv("SCXD_CONFIG_DIR"), NULL };
        const ManagerConfig config = {
                .sysfs = env_or("SCXD_SYSFS", "/sys"),
                .sysrq_trigger = env_or("SCXD_SYSRQ_TRIGGER", "/proc/sysrq-trigger"),
                .loader_path = env_or("SCXD_LOADER", SCXD_LOADER_PATH),
                .state_directory = env_or("STATE_DIRECTORY", "/var/lib/scxd"),
                .runtime_directory = getenv("RUNTIME_DIRECTORY"),
                .backoff_usec = backoff(),
                .paths = {
                        .config = test_directories[0] ? test_directories : config_directories,
                        .object_directory = env_or("SCXD_OBJECT_DIR", SCXD_OBJECT_DIR),
                },
        };
        _cleanup_(event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *m = NULL;
        int r;

        r = sd_event_default(&event);
        if (r < 0)
                return log_error_errno(r, "Cannot make an event loop");
        r = sd_event_set_watchdog(event, true);
        if (r < 0)
                return log_error_errno(r, "Cannot serve systemd's watchdog");
        r = manager_new(event, &config, &m);
        if (r < 0)
                return log_error_errno(r, "Cannot set up");
        r = add_signals(event, m);
        if (r < 0)
                return log_error_errno(r, "Cannot handle signals");
        r = manager_start(m);
        if (r < 0)
                return r;

        r = sd_event_loop(event);
        (void) sd_notify(false, "STOPPING=1\nSTATUS=Stopping");
        /* On a restart the next scxd takes over what runs; on a stop systemd closes what it keeps, and that ends it. The barrier: systemd
         * must have taken in what we handed it before we are gone. */
        if (r >= 0 && manager_leave(m))
                (void) sd_notify_barrier(false, 5 * UINT64_C(1000000));
        if (r < 0)
                return log_error_errno(r, "The event loop failed");
        return r;
}

static int clean_up(void) {
        const char *directory = getenv("RUNTIME_DIRECTORY");
        int r;

        r = directory ? expedite_clean_up(env_or("SCXD_SYSFS", "/sys"), directory) : 0;
        if (r < 0)
                log_error_errno(r, "Cannot set back rcu_expedited");
        else if (r > 0)
                log_notice("Set back rcu_expedited, which a daemon that died in a swap had left behind");
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char *argv[]) {
        static const struct option options[] = {
                { "clean-up", no_argument, NULL, 'C' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                {},
        };

        for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) >= 0;)
                switch (c) {
                case 'C':
                        log_open("scxd");
                        return clean_up();
                case 'h':
                        help();
                        return EXIT_SUCCESS;
                case 'V':
                        printf("scxd %s\n", SCXD_VERSION);
                        return EXIT_SUCCESS;
                default:
                        return 2;
                }
        if (optind < argc) {
                fprintf(stderr, "scxd: unexpected argument '%s'\n", argv[optind]);
                return 2;
        }

        log_open("scxd");
        return run() < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
