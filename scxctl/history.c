/* SPDX-License-Identifier: GPL-2.0-only */
#include "scxctl.h"

#include <inttypes.h>
#include <stdio.h>

#include "exit-kind.h"

/* What happened, why things are as they are, and lifting what is held against schedulers. */

#define LABEL_WIDTH 10u
#define HISTORY_COUNT_DEFAULT 20u

static bool is_event(sd_json_variant *entry, const char *event) {
        return streq(json_text(entry, "event"), event);
}

/* "ran 3min 5s", "" if it is not known. */
static char *describe_run(sd_json_variant *entry) {
        uint64_t started = json_number(entry, "started"), ended = json_number(entry, "time");
        char duration[DURATION_MAX], *text;

        if (started == 0 || ended < started)    /* somebody has set the clock back */
                return strdup("");
        if (ended - started < USEC_PER_MSEC)
                return strdup("ran for less than 1ms");
        return asprintf(&text, "ran for %s", format_duration(duration, (ended - started) / USEC_PER_MSEC * USEC_PER_MSEC, 2)) < 0 ? NULL : text;
}

static char *first_line(const char *text) {
        return strndup(text, strcspn(text, "\n"));
}

/* Why, in one line: of what ended the kernel's word before the scheduler's. */
static char *describe_why(sd_json_variant *entry) {
        const char *why = json_text(entry, "why"), *reason = json_text(entry, "reason"), *message = json_text(entry, "message");
        _cleanup_(freep) char *line = NULL;
        char *text;

        if (is_event(entry, "quarantined")) {
                if (asprintf(&text, "it failed too often: it %s", why) < 0)
                        return NULL;
                return text;
        }
        if (*why || !*json_text(entry, "kind"))
                return first_line(why);
        line = first_line(message);
        if (!line)
                return NULL;
        return asprintf(&text, "%s%s%s", reason, *reason && *line ? ": " : "", line) < 0 ? NULL : text;
}

static Style style_of(sd_json_variant *entry) {
        if (is_event(entry, "quarantined"))
                return STYLE_BAD;
        if (is_event(entry, "failed") || (is_event(entry, "ended") && !streq(json_text(entry, "kind"), "stopped")))
                return STYLE_WARNING;
        return is_event(entry, "started") ? STYLE_GOOD : STYLE_PLAIN;
}

static int print_list(Client *c, sd_json_variant *entries) {
        static const char *const headings[] = { "N", "TIME", "EVENT", "SCHEDULER", "PROFILE", "KIND", "WHY" };
        _cleanup_(table_freep) Table *table = NULL;

        if (table_new(headings, ELEMENTSOF(headings), &table) < 0)
                return complain_memory(c);
        for (size_t i = 0; i < json_length(entries); i++) {
                sd_json_variant *e = json_at(entries, i);
                _cleanup_(freep) char *when = format_timestamp(json_number(e, "time")), *why = describe_why(e);
                char number[32];
                const char *cells[] = { number, when, json_text(e, "event"), json_text(e, "scheduler"), json_text(e, "profile"),
                                        is_event(e, "quarantined") ? "" : json_text(e, "kind"), why };

                (void) snprintf(number, sizeof(number), "%" PRIu64, json_number(e, "id"));
                if (!when || !why || table_add(table, style_of(e), cells) < 0)
                        return complain_memory(c);
        }
        if (table_n_rows(table) == 0)
                output_line(&c->out, STYLE_PLAIN, "Nothing has happened yet.");
        else
                table_print(table, &c->out, 0, !c->quiet);
        return EXIT_DONE;
}

static int list_history(Client *c) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *entries = NULL;
        int r;

        r = client_call(c, &error, SCXD_INTERFACE, "History", &entries, "ua{sv}", c->count > 0 ? c->count : HISTORY_COUNT_DEFAULT, 0);
        if (r < 0)
                return client_complain(c, "cannot ask for the history", &error, r);
        if (c->json != JSON_OFF) {
                output_json(&c->out, entries, c->json == JSON_PRETTY);
                return EXIT_DONE;
        }
        return print_list(c, entries);
}

static int print_entry(Client *c, sd_json_variant *e) {
        const char *profile = json_text(e, "profile"), *kind = json_text(e, "kind"), *why = json_text(e, "why"), *dump = json_text(e, "dump");
        _cleanup_(freep) char *when = format_timestamp(json_number(e, "time"));
        _cleanup_(freep) char *relative = format_relative(json_number(e, "time"), clock_usec(CLOCK_REALTIME)), *run = describe_run(e);

        if (!when || !relative || !run)
                return complain_memory(c);
        output_line(&c->out, style_of(e), "%" PRIu64 ": %s %s", json_number(e, "id"), json_text(e, "scheduler"), json_text(e, "event"));
        output_field(&c->out, LABEL_WIDTH, "Time", STYLE_PLAIN, "%s, %s", when, relative);
        if (*profile)
                output_field(&c->out, LABEL_WIDTH, "Profile", STYLE_PLAIN, "%s", profile);
        if (*kind)
                output_field(&c->out, LABEL_WIDTH, "What", STYLE_PLAIN, "%s [%s]", exit_kind_describe(exit_kind_from_string(kind)), kind);
        if (*why)
                output_field(&c->out, LABEL_WIDTH, "Why", STYLE_PLAIN, "%s", why);
        if (*json_text(e, "reason"))
                output_field(&c->out, LABEL_WIDTH, "Reason", STYLE_PLAIN, "%s", json_text(e, "reason"));
        if (*json_text(e, "message"))
                output_field(&c->out, LABEL_WIDTH, "Message", STYLE_PLAIN, "%s", json_text(e, "message"));
        if (json_number(e, "kernel_kind") != 0)
                output_field(&c->out, LABEL_WIDTH, "Kernel", STYLE_PLAIN, "exit kind %" PRIu64 ", code %#" PRIx64, json_number(e, "kernel_kind"),
                             json_number(e, "code"));
        if (*run)
                output_field(&c->out, LABEL_WIDTH, "Before", STYLE_PLAIN, "%s", run);
        if (*json_text(e, "outcome"))
                output_field(&c->out, LABEL_WIDTH, "Then", STYLE_PLAIN, "%s", json_text(e, "outcome"));
        if (*dump) {
                output_field(&c->out, LABEL_WIDTH, "Dump", STYLE_PLAIN, "the kernel's:");
                output_text(&c->out, dump);
        } else if (json_flag(e, "has_dump"))
                output_field(&c->out, LABEL_WIDTH, "Dump", STYLE_WARNING, "the kernel's is lost: its file cannot be read");
        return EXIT_DONE;
}

static int show_entry(Client *c, const char *word) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *entry = NULL;
        _cleanup_(freep) char *what = NULL;
        uint64_t id;
        int r;

        if (parse_u64(word, &id) < 0)
                return complain_usage(c, "history show takes the number of an entry, found '%s'", word);
        if (asprintf(&what, "cannot show entry %" PRIu64, id) < 0)
                return complain_memory(c);
        r = client_call(c, &error, SCXD_INTERFACE, "HistoryEntry", &entry, "t", id);
        if (r < 0)
                return client_complain(c, what, &error, r);
        if (c->json != JSON_OFF) {
                output_json(&c->out, entry, c->json == JSON_PRETTY);
                return EXIT_DONE;
        }
        return print_entry(c, entry);
}

int verb_history(Client *c, int argc, char **argv) {
        int r;

        if (argc > 1 && !streq(argv[1], "show"))
                return complain_usage(c, "history takes \"show NUMBER\" or nothing, found '%s'", argv[1]);
        if (argc == 2)
                return complain_usage(c, "history show takes the number of an entry");
        if (argc > 3)
                return complain_usage(c, "history show takes one number, found '%s' behind it", argv[3]);
        if (argc == 3 && c->count > 0)
                return complain_usage(c, "history show takes no -n");
        r = client_connect(c);
        if (r != 0)
                return r;
        return argc == 3 ? show_entry(c, argv[2]) : list_history(c);
}

static void print_step(Client *c, sd_json_variant *step) {
        const char *state = json_text(step, "state"), *text = json_text(step, "text");
        uint64_t retry = json_number(step, "retry"), now = clock_usec(CLOCK_REALTIME);
        Style style = STYLE_PLAIN;
        char duration[DURATION_MAX];

        if (!streq(json_text(step, "step"), "candidate")) {
                output_line(&c->out, streq(json_text(step, "step"), "result") ? STYLE_BOLD : STYLE_PLAIN, "%s.", text);
                return;
        }
        if (streq(state, "runs"))
                style = STYLE_GOOD;
        else if (!streq(state, "ready"))
                style = STYLE_WARNING;
        if (retry == 0)
                output_field(&c->out, 0, "", style, "- %s", text);
        else if (retry > now + USEC_PER_SEC)
                output_field(&c->out, 0, "", style, "- %s; it is tried again in %s", text, format_duration(duration, (retry - now) / USEC_PER_SEC * USEC_PER_SEC, 2));
        else
                output_field(&c->out, 0, "", style, "- %s; it is about to be tried again", text);
        if (streq(state, "quarantined"))
                output_field(&c->out, 2, "", STYLE_DIM, "scxctl reset-failed %s lifts that", json_text(step, "scheduler"));
}

int verb_why(Client *c, int argc, char **argv) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *steps = NULL;
        int r;

        if (argc > 1)
                return complain_usage(c, "why takes no argument, found '%s'", argv[1]);
        r = client_connect(c);
        if (r != 0)
                return r;
        r = client_call(c, &error, SCXD_INTERFACE, "Explain", &steps, NULL);
        if (r < 0)
                return client_complain(c, "cannot ask for the reasons", &error, r);
        if (c->json != JSON_OFF) {
                output_json(&c->out, steps, c->json == JSON_PRETTY);
                return EXIT_DONE;
        }
        for (size_t i = 0; i < json_length(steps); i++)
                print_step(c, json_at(steps, i));
        return EXIT_DONE;
}

int verb_reset_failed(Client *c, int argc, char **argv) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *result = NULL;
        sd_json_variant *lifted;
        int r;

        if (argc > 2)
                return complain_usage(c, "reset-failed takes the name of one scheduler, found '%s' behind it", argv[2]);
        r = client_connect(c);
        if (r != 0)
                return r;
        r = client_call(c, &error, SCXD_INTERFACE, "ResetFailed", &result, "sa{sv}", argc == 2 ? argv[1] : "", 0);
        if (r < 0)
                return client_complain(c, "cannot reset", &error, r);
        lifted = json_list(result, "lifted");
        if (c->json != JSON_OFF)
                output_json(&c->out, result, c->json == JSON_PRETTY);
        else if (c->quiet)
                return EXIT_DONE;
        else if (json_length(lifted) == 0)
                output_line(&c->out, STYLE_PLAIN, "Nothing was in quarantine; what failed is forgotten");
        for (size_t i = 0; c->json == JSON_OFF && i < json_length(lifted); i++)
                output_line(&c->out, STYLE_PLAIN, "%s is out of quarantine", json_text_at(lifted, i));
        return EXIT_DONE;
}
