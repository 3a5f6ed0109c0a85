/* SPDX-License-Identifier: GPL-2.0-only */
#include "profile.h"

#include <stdio.h>

#include "catalog.h"
#include "units.h"
#include "yaml-tree.h"

#define SETTING_TEXT_MAX 64u

#define fail(source, position, ...) diagnostics_add((source)->diagnostics, (source)->file, (position), __VA_ARGS__)

static void candidates_free(Candidate *candidates, size_t n) {
        for (size_t i = 0; i < n; i++) {
                for (size_t j = 0; j < candidates[i].n_settings; j++) {
                        free(candidates[i].settings[j].name);
                        free(candidates[i].settings[j].text);
                }
                free(candidates[i].settings);
                free(candidates[i].scheduler);
        }
        free(candidates);
}

Profile *profile_free(Profile *p) {
        if (!p)
                return NULL;
        candidates_free(p->candidates, p->n_candidates);
        free(p->candidates_file);
        free(p->name);
        free(p->description);
        free(p->file);
        return mfree(p);
}

static const Setting *find_setting(const Candidate *c, const char *name) {
        for (size_t i = 0; i < c->n_settings; i++)
                if (streq(c->settings[i].name, name))
                        return c->settings + i;
        return NULL;
}

/* The same scheduler with the same settings, as far as their text tells. */
static bool candidate_equal(const Candidate *a, const Candidate *b) {
        if (!streq(a->scheduler, b->scheduler) || a->n_settings != b->n_settings)
                return false;
        for (size_t i = 0; i < a->n_settings; i++) {
                const Setting *s = find_setting(b, a->settings[i].name);

                if (!s || !streq(s->text, a->settings[i].text))
                        return false;
        }
        return true;
}

static int read_settings(const YamlSource *source, const YamlNode *n, Candidate *c) {
        int r = 0;

        if (n->kind != YAML_KIND_MAPPING)
                return fail(source, n->position, "found %s, expected a mapping of knobs to values", YAML_DESCRIBE(n));
        if (n->n_items > KNOBS_MAX)
                return fail(source, n->position, "found %zu knobs, expected at most %u", n->n_items, KNOBS_MAX);
        c->settings = calloc(MAX(n->n_items, (size_t) 1), sizeof(Setting));
        if (!c->settings)
                return -ENOMEM;

        for (size_t i = 0; i < n->n_items && r != -ENOMEM; i++) {
                const YamlNode *item = n->items + i;
                Setting *s = c->settings + c->n_settings;
                int q;

                if (item->key[0] == '\0' || strlen(item->key) > KNOB_NAME_MAX || strchr(item->key, '\n')) {
                        r = worse(r,
                                  fail(source, item->key_position, "found knob %s, expected a name of 1 to %u letters",
                                       QUOTE(item->key),
                                          KNOB_NAME_MAX));
                        continue;
                }
                *s = (Setting) { .position = item->key_position, .value_position = item->position };
                q = yaml_read_line(source, item, SETTING_TEXT_MAX, &s->text);
                r = worse(r, q);
                if (q < 0)
                        continue;
                c->n_settings++;
                s->name = strdup(item->key);
                if (!s->name)
                        return -ENOMEM;
        }
        return r;
}

/* NAME, or a mapping with NAME as its only key. Fills *c also on failure. */
static int read_candidate(const YamlSource *source, const YamlNode *n, Candidate *c) {
        const YamlNode *settings = NULL;
        const char *name;
        int r = 0;

        if (n->kind == YAML_KIND_MAPPING && n->n_items == 1) {
                settings = n->items;
                name = settings->key;
                c->position = settings->key_position;
        } else if (n->kind == YAML_KIND_SCALAR) {
                name = n->text;
                c->position = n->position;
        } else if (n->kind == YAML_KIND_MAPPING && n->n_items > 1)
                return fail(source, n->items[1].key_position,
                            "found another key %s, expected one scheduler for each '-' (its knobs go into '{…}' or further to the right)",
                            QUOTE(n->items[1].key));
        else
                return fail(source, n->position, "found %s, expected a scheduler, as NAME or NAME: {knob: value}",
                            n->kind == YAML_KIND_MAPPING ? "an empty mapping" : YAML_DESCRIBE(n));

        if (streq(name, "eevdf"))
                return fail(source, c->position,
                            "found 'eevdf', expected only schedulers to try before it (it always ends the list)");
        if (!catalog_name_is_valid(name))
                return fail(source, c->position, "found %s, expected a scheduler's name", name[0] ? QUOTE(name) : "nothing");
        c->scheduler = strdup(name);
        if (!c->scheduler)
                return -ENOMEM;
        if (settings)
                r = read_settings(source, settings, c);
        return r;
}

static int read_schedulers(const YamlSource *source, const YamlNode *n, Profile *p) {
        Candidate *candidates;
        int r = 0;

        if (n->n_items > CANDIDATES_MAX)
                return fail(source, n->position, "found %zu schedulers, expected at most %u", n->n_items, CANDIDATES_MAX);
        candidates = calloc(MAX(n->n_items, (size_t) 1), sizeof(Candidate));
        if (!candidates)
                return -ENOMEM;

        for (size_t i = 0; i < n->n_items && r != -ENOMEM; i++) {
                int q = read_candidate(source, n->items + i, candidates + i);

                r = worse(r, q);
                for (size_t j = 0; q >= 0 && j < i; j++)
                        if (candidates[j].scheduler && candidate_equal(candidates + i, candidates + j)) {
                                r = worse(r,
                                          fail(source, candidates[i].position,
                                               "found %s again with the same knobs, expected it only once or with others",
                                                  QUOTE(candidates[i].scheduler)));
                                break;
                        }
        }
        if (r >= 0)
                r = free_and_strdup(&p->candidates_file, source->file);
        if (r < 0) {
                candidates_free(candidates, n->n_items);
                return r;
        }
        candidates_free(p->candidates, p->n_candidates);
        p->candidates = candidates;
        p->n_candidates = n->n_items;
        return 0;
}

typedef struct WatchdogNodes {
        const YamlNode *stall_timeout, *max_wakeup_latency, *restarts;
} WatchdogNodes;

static const YamlField watchdog_fields[] = {
        { "stall_timeout",      YAML_KIND_SCALAR, 0, offsetof(WatchdogNodes, stall_timeout) },
        { "max_wakeup_latency", YAML_KIND_SCALAR, 0, offsetof(WatchdogNodes, max_wakeup_latency) },
        { "restarts",           YAML_KIND_SCALAR, 0, offsetof(WatchdogNodes, restarts) },
};

/* A time within bounds; range and example are for messages: "1s to 30s", "5s". */
static int read_time(const YamlSource *source, const YamlNode *n, uint64_t min, uint64_t max, const char *range, const char *example,
                     uint64_t *ret) {
        uint64_t usec;
        int r;

        r = parse_duration(n->text, &usec);
        if (r == -ENODATA)
                return fail(source, n->position, "found %s without a unit, expected %s", YAML_DESCRIBE(n), range);
        if (r == -EINVAL)
                return fail(source, n->position, "found %s, expected a time such as %s, from %s", YAML_DESCRIBE(n), example, range);
        if (r < 0 || usec < min || usec > max)
                return fail(source, n->position, "found %s, expected %s", YAML_DESCRIBE(n), range);
        *ret = usec;
        return 0;
}

/* "3 per 10min" */
static int read_restarts(const YamlSource *source, const YamlNode *n, Profile *p) {
        const char *per = strstr(n->text, " per ");
        _cleanup_(freep) char *number = NULL;
        uint64_t count, window;

        number = per ? strndup(n->text, (size_t) (per - n->text)) : strdup("");
        if (!number)
                return -ENOMEM;
        if (!per || parse_u64(number, &count) < 0 || parse_duration(per + strlen(" per "), &window) < 0)
                return fail(source, n->position, "found %s, expected a number and a time such as '3 per 10min'", YAML_DESCRIBE(n));
        if (count > RESTARTS_MAX)
                return fail(source, n->position, "found %s, expected 0 to %u restarts", YAML_DESCRIBE(n), RESTARTS_MAX);
        if (window < RESTARTS_WINDOW_MIN_USEC || window > RESTARTS_WINDOW_MAX_USEC)
                return fail(source, n->position, "found %s, expected restarts per 1s to 1d", YAML_DESCRIBE(n));
        p->restarts_max = (unsigned) count;
        p->restarts_window_usec = window;
        return 0;
}

static int read_watchdog(const YamlSource *source, const YamlNode *n, bool dropin, Profile *p) {
        WatchdogNodes nodes = { 0 };
        uint64_t usec;
        int r, q;

        r = yaml_read_mapping(source, n, watchdog_fields, ELEMENTSOF(watchdog_fields), dropin, &nodes);
        if (nodes.stall_timeout && r != -ENOMEM) {
                q = read_time(source, nodes.stall_timeout, STALL_TIMEOUT_MIN_USEC, STALL_TIMEOUT_MAX_USEC, "1s to 30s", "5s", &usec);
                if (q >= 0 && usec % USEC_PER_MSEC != 0)        /* the kernel counts in milliseconds */
                        q = fail(source, nodes.stall_timeout->position, "found %s, expected whole milliseconds",
                                 YAML_DESCRIBE(nodes.stall_timeout));
                if (q >= 0)
                        p->stall_timeout_usec = usec;
                r = worse(r, q);
        }
        if (nodes.max_wakeup_latency && r != -ENOMEM)
                r = worse(r,
                          read_time(source, nodes.max_wakeup_latency, WAKEUP_LATENCY_MIN_USEC, WAKEUP_LATENCY_MAX_USEC, "1ms to 10s",
                                    "50ms", &p->max_wakeup_latency_usec));
        if (nodes.restarts && r != -ENOMEM)
                r = worse(r, read_restarts(source, nodes.restarts, p));
        return r;
}

typedef struct ProfileNodes {
        const YamlNode *name, *description, *schedulers, *fallback, *watchdog;
} ProfileNodes;

static const YamlField profile_fields[] = {
        { "name",        YAML_KIND_SCALAR,  YAML_REQUIRED | YAML_FIXED, offsetof(ProfileNodes, name) },
        { "description", YAML_KIND_SCALAR,  YAML_REQUIRED,              offsetof(ProfileNodes, description) },
        { "schedulers",  YAML_KIND_LIST,    YAML_REQUIRED,              offsetof(ProfileNodes, schedulers) },
        { "fallback",    YAML_KIND_SCALAR,  0,                          offsetof(ProfileNodes, fallback) },
        { "watchdog",    YAML_KIND_MAPPING, 0,                          offsetof(ProfileNodes, watchdog) },
};

static int read_profile(const YamlSource *source, const YamlNode *root, const char *name, bool dropin, Profile *p) {
        ProfileNodes nodes = { 0 };
        int r;

        r = yaml_read_mapping(source, root, profile_fields, ELEMENTSOF(profile_fields), dropin, &nodes);

        if (nodes.name && r != -ENOMEM) {
                p->position = nodes.name->position;
                if (!streq(nodes.name->text, name))
                        r = worse(r, fail(source, nodes.name->position, "found %s as name, expected '%s', as the file is %s.yaml",
                                          YAML_DESCRIBE(nodes.name), name, name));
        }
        if (nodes.description && r != -ENOMEM)
                r = worse(r, yaml_read_line(source, nodes.description, DESCRIPTION_MAX, &p->description));
        if (nodes.schedulers && r != -ENOMEM)
                r = worse(r, read_schedulers(source, nodes.schedulers, p));
        if (nodes.fallback && r != -ENOMEM && !streq(nodes.fallback->text, "eevdf"))
                r = worse(r,
                          fail(source, nodes.fallback->position,
                               "found %s, expected eevdf (schedulers to try before go into 'schedulers')",
                                  YAML_DESCRIBE(nodes.fallback)));
        if (nodes.watchdog && r != -ENOMEM)
                r = worse(r, read_watchdog(source, nodes.watchdog, dropin, p));
        return r;
}

int profile_parse(const char *file, const char *text, size_t size, const char *name, Profile *base, Profile **ret,
                  Diagnostics *diagnostics) {
        YamlSource source = { file, diagnostics };
        _cleanup_(yaml_node_freep) YamlNode *root = NULL;
        _cleanup_(profile_freep) Profile *p = NULL;
        int r;

        r = yaml_load(&source, text, size, &root);
        if (r < 0)
                return r;
        if (base)
                return root ? read_profile(&source, root, name, true, base) : 0;
        if (!root)
                return fail(&source, (Position) { 0 }, "found no keys, expected a profile");

        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        p->name = strdup(name);
        p->file = strdup(file);
        p->restarts_max = RESTARTS_DEFAULT;
        p->restarts_window_usec = RESTARTS_WINDOW_DEFAULT_USEC;
        if (!p->name || !p->file)
                return -ENOMEM;
        r = read_profile(&source, root, name, false, p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

static int resolve_candidate(const YamlSource *source, Candidate *c, const Scheduler *s) {
        const char *names[KNOBS_MAX], *suggestion;
        int r = 0;

        for (size_t i = 0; i < c->n_settings && r != -ENOMEM; i++) {
                _cleanup_(freep) char *why = NULL;
                Setting *setting = c->settings + i;
                const Knob *k = scheduler_find_knob(s, setting->name);
                int q;

                if (k) {
                        q = knob_parse_value(k, setting->text, &setting->value, &why);
                        if (why)
                                q = fail(source, setting->value_position, "%s", why);
                        r = worse(r, q);
                        continue;
                }
                for (size_t j = 0; j < s->n_knobs; j++)
                        names[j] = s->knobs[j].name;
                suggestion = diagnostic_suggest(setting->name, names, s->n_knobs);
                if (suggestion)
                        q = fail(source, setting->position, "found knob %s, expected one of scheduler '%s' (did you mean '%s'?)",
                                 QUOTE(setting->name), s->name, suggestion);
                else
                        q = fail(source, setting->position, "found knob %s, expected %s '%s'", QUOTE(setting->name),
                                 s->n_knobs > 0 ? "one of scheduler" : "none, as there are none of scheduler", s->name);
                r = worse(r, q);
        }
        return r;
}

/* What a knob will be; false if only the object knows. */
static bool effective_value(const Candidate *c, const Knob *k, KnobValue *ret) {
        const Setting *s = find_setting(c, k->name);

        if (!s && !k->has_default)
                return false;
        *ret = s ? s->value : k->def;
        return true;
}

static bool candidate_same_values(const Candidate *a, const Candidate *b, const Scheduler *s) {
        for (size_t i = 0; i < s->n_knobs; i++) {
                KnobValue x = 0, y = 0;

                if (effective_value(a, s->knobs + i, &x) != effective_value(b, s->knobs + i, &y) || x != y)
                        return false;
        }
        return true;
}

int profile_resolve(Profile *p, const Scheduler *const *schedulers, Diagnostics *diagnostics) {
        YamlSource source = { p->candidates_file ? p->candidates_file : p->file, diagnostics };
        int r = 0;

        for (size_t i = 0; i < p->n_candidates && r != -ENOMEM; i++)
                if (schedulers[i] && !schedulers[i]->unread)
                        r = worse(r, resolve_candidate(&source, p->candidates + i, schedulers[i]));
        if (r < 0)
                return r;

        for (size_t i = 0; i < p->n_candidates; i++)
                for (size_t j = 0; j < i; j++)
                        if (schedulers[i] && schedulers[i] == schedulers[j] && !schedulers[i]->unread &&
                            candidate_same_values(p->candidates + i, p->candidates + j, schedulers[i]))
                                return fail(&source, p->candidates[i].position,
                                            "found '%s' again with the same values, expected it only once or with others", schedulers[i]->name);
        return 0;
}
