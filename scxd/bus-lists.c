/* SPDX-License-Identifier: GPL-2.0-only */
#include "bus-internal.h"

/* The lists of profiles and schedulers, as dictionaries that can grow. */

int bus_open_entry(sd_bus_message *m, const char *key, const char *type) {
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", key);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', type);
        return r;
}

int bus_close_entry(sd_bus_message *m) {
        int r;

        r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r;
}

static int append_knob(sd_bus_message *m, const Knob *k) {
        _cleanup_(freep) char *min = knob_format_value(k, k->min), *max = knob_format_value(k, k->max);
        _cleanup_(freep) char *def = knob_format_value(k, k->def);

        if (!min || !max || !def)
                return -ENOMEM;
        return sd_bus_message_append(m, "a{sv}", 8,
                                     "Name", "s", k->name,
                                     "Type", "s", knob_type_to_string(k->type),
                                     "Unit", "s", strempty(k->unit),
                                     "Set", "s", knob_set_to_string(k->set),
                                     "Minimum", "s", k->type == KNOB_TYPE_BOOL ? "" : min,
                                     "Maximum", "s", k->type == KNOB_TYPE_BOOL ? "" : max,
                                     "Default", "s", k->has_default ? def : "",
                                     "Description", "s", strempty(k->description));
}

/* Why a scheduler cannot be used on this machine: newly allocated, NULL if it can. */
static int describe_problem(const Manager *m, const Scheduler *s, char **ret) {
        const QuarantineEntry *held;
        int r;

        if (s->problem) {
                *ret = strdup(s->problem);
                return *ret ? 0 : -ENOMEM;
        }
        r = kernel_features_check(&m->features, s->requires, s->n_requires, ret);
        if (r < 0 || *ret)
                return r;
        held = quarantine_holds(&m->quarantine, s->name, s->object_path);
        if (held)
                *ret = quarantine_describe(held);
        return held && !*ret ? -ENOMEM : 0;
}

static int append_scheduler(sd_bus_message *m, const Manager *manager, const Scheduler *s) {
        bool active = streq(manager_origin(manager), "scxd") && streq(manager_active_scheduler(manager), s->name);
        _cleanup_(freep) char *problem = NULL;
        int r;

        r = describe_problem(manager, s, &problem);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}",
                                          "Name", "s", s->name,
                                          "Description", "s", strempty(s->description),
                                          "Kind", "s", scheduler_kind_to_string(s->kind),
                                          "File", "s", s->file,
                                          "Object", "s", strempty(s->object_path),
                                          "Active", "b", (int) active,
                                          "Usable", "b", (int) !problem,
                                          "Problem", "s", strempty(problem));
        if (r >= 0)
                r = bus_open_entry(m, "Requires", "as");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "s");
        for (size_t i = 0; r >= 0 && i < s->n_requires; i++)
                r = sd_bus_message_append(m, "s", s->requires[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = bus_close_entry(m);
        if (r >= 0)
                r = bus_open_entry(m, "Knobs", "aa{sv}");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "a{sv}");
        for (size_t i = 0; r >= 0 && i < s->n_knobs; i++)
                r = append_knob(m, &s->knobs[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = bus_close_entry(m);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r;
}

static int append_candidate(sd_bus_message *m, const Manager *manager, const Candidate *c) {
        const Scheduler *s = catalog_find_scheduler(manager->catalog, c->scheduler);
        _cleanup_(freep) char *problem = NULL;
        int r;

        if (s)
                r = describe_problem(manager, s, &problem);
        else
                r = (problem = strdup("is not defined")) ? 0 : -ENOMEM;
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}", "Scheduler", "s", c->scheduler, "Usable", "b", (int) !problem,
                                          "Problem", "s", strempty(problem));
        if (r >= 0)
                r = bus_open_entry(m, "Knobs", "a{ss}");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{ss}");
        for (size_t i = 0; r >= 0 && i < c->n_settings; i++)
                r = sd_bus_message_append(m, "{ss}", c->settings[i].name, c->settings[i].text);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = bus_close_entry(m);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r;
}

static int append_profile(sd_bus_message *m, const Manager *manager, const Profile *p) {
        bool chosen = streq(manager_active_profile(manager), p->name);
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}",
                                          "Name", "s", p->name,
                                          "Description", "s", strempty(p->description),
                                          "File", "s", p->file,
                                          "Active", "b", (int) (chosen && !streq(manager_origin(manager), "foreign")),
                                          "Chosen", "b", (int) chosen,
                                          "StallTimeoutUSec", "t", p->stall_timeout_usec,
                                          "MaxWakeupLatencyUSec", "t", p->max_wakeup_latency_usec,
                                          "Restarts", "u", (uint32_t) p->restarts_max,
                                          "RestartsWindowUSec", "t", p->restarts_window_usec);
        if (r >= 0)
                r = bus_open_entry(m, "Chain", "aa{sv}");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "a{sv}");
        for (size_t i = 0; r >= 0 && i < p->n_candidates; i++)
                r = append_candidate(m, manager, &p->candidates[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = bus_close_entry(m);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r;
}

/* Answers with an array of dictionaries, one per index. */
static int reply_list(sd_bus_message *call, const Manager *m, size_t n,
                      int (*append)(sd_bus_message *reply, const Manager *m, size_t i)) {
        _cleanup_(message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = append(reply, m, i);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_message_send(reply);
        return r;
}

static int append_profile_at(sd_bus_message *reply, const Manager *m, size_t i) {
        return append_profile(reply, m, catalog_profile(m->catalog, i));
}

static int append_scheduler_at(sd_bus_message *reply, const Manager *m, size_t i) {
        return append_scheduler(reply, m, catalog_scheduler(m->catalog, i));
}

int method_list_profiles(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        Manager *m = ((ManagerBus *) userdata)->manager;

        manager_look(m);
        return reply_list(call, m, catalog_n_profiles(m->catalog), append_profile_at);
}

int method_list_schedulers(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        Manager *m = ((ManagerBus *) userdata)->manager;

        manager_look(m);
        return reply_list(call, m, catalog_n_schedulers(m->catalog), append_scheduler_at);
}
