/* SPDX-License-Identifier: GPL-2.0-only */

/* Any bytes as a profile and as a manifest, as a file of their own and as a drop-in. Whatever they are: it is either good, or there is
 * a diagnostic that a person can read, with a place inside the file. */

#include <stdio.h>

#include "catalog.h"
#include "fuzz.h"

#define CHECK(expression)                                                                       \
        ({                                                                                      \
                if (!(expression)) {                                                            \
                        fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #expression); \
                        abort();                                                                \
                }                                                                               \
        })

static const char profile_text[] =
        "name: x\ndescription: A profile\nschedulers: [{latency: {slice_us: 1000, smt_aware: off}}, latency]\nwatchdog: {stall_timeout: 5s}\n";
static const char manifest_text[] =
        "name: latency\nkind: bpf\nobject: latency.bpf.o\ndescription: A scheduler\nrequires: [now]\n"
        "knobs:\n  slice_us: {type: u64, unit: us, min: 100, max: 20000, default: 2000, set: live}\n"
        "  smt_aware: {type: bool, default: true, set: load}\n  bias: {type: s32, min: -5, max: 5, set: load}\n";

static void check_said(int r, const Diagnostics *d, const char *data, size_t size) {
        unsigned lines = 1;

        if (r >= 0) {
                CHECK(d->n_items == 0 && d->n_dropped == 0);
                return;
        }
        CHECK(r == -EINVAL);
        CHECK(d->n_items > 0);
        for (size_t i = 0; i < size; i++)
                lines += data[i] == '\n';
        for (size_t i = 0; i < d->n_items; i++) {
                const Diagnostic *item = d->items + i;
                size_t left = strlen(item->message);
                const char *p = item->message;

                CHECK(streq(item->file, "f"));
                CHECK(left > 0 && left <= 1024);
                CHECK(strstr(p, "found ") && strstr(p, "expected "));
                CHECK((item->position.line == 0) == (item->position.column == 0));
                CHECK(item->position.line <= lines + 1);
                while (left > 0) {
                        uint32_t c;
                        int n = utf8_decode(p, left, &c);

                        CHECK(n > 0 && utf8_is_printable(c));
                        p += n;
                        left -= (size_t) n;
                }
        }
}

static void check_scheduler(const Scheduler *s) {
        CHECK(s->name && s->description && s->object && s->object_file && s->file);
        CHECK(s->n_knobs <= KNOBS_MAX && s->n_requires <= REQUIRES_MAX);
        for (size_t i = 0; i < s->n_knobs; i++) {
                const Knob *k = s->knobs + i;
                KnobValue back = 0;
                char *why = NULL, *text;

                CHECK(k->name && strlen(k->name) <= KNOB_NAME_MAX);
                CHECK(scheduler_find_knob(s, k->name) == k);
                CHECK(knob_value_compare(k->type, k->min, k->max) <= 0);
                if (!k->has_default)
                        continue;
                CHECK(knob_value_compare(k->type, k->min, k->def) <= 0 && knob_value_compare(k->type, k->def, k->max) <= 0);
                text = knob_format_value(k, k->def);
                CHECK(text);
                CHECK(knob_parse_value(k, text, &back, &why) == 0 && !why && back == k->def);
                free(text);
        }
}

static void check_profile(Profile *p, const char *data, size_t size) {
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        const Scheduler *schedulers[CANDIDATES_MAX] = { 0 };
        Scheduler *s = NULL;
        int r;

        CHECK(p->name && p->description && p->file && p->n_candidates <= CANDIDATES_MAX);
        CHECK(p->stall_timeout_usec == 0 ||
              (p->stall_timeout_usec >= STALL_TIMEOUT_MIN_USEC && p->stall_timeout_usec <= STALL_TIMEOUT_MAX_USEC));
        CHECK(scheduler_parse("m", manifest_text, strlen(manifest_text), "latency", NULL, &s, &d) == 0);
        for (size_t i = 0; i < p->n_candidates; i++) {
                CHECK(catalog_name_is_valid(p->candidates[i].scheduler));
                CHECK(p->candidates[i].n_settings <= KNOBS_MAX);
                schedulers[i] = s;
        }
        r = profile_resolve(p, schedulers, &d);
        check_said(r, &d, data, size);
        scheduler_free(s);
}

/* The name that the file gives itself, so that most inputs get further than that. */
static void name_of(const char *data, size_t size, char name[static 64]) {
        size_t n = 0, start = 0;

        while (start < size && (data[start] == '#' || data[start] == '\n')) {  /* comments before it */
                while (start < size && data[start] != '\n')
                        start++;
                start += start < size;
        }
        if (size - start > 6 && memcmp(data + start, "name: ", 6) == 0)
                while (n < 63 && start + 6 + n < size && data[start + 6 + n] != '\n' && data[start + 6 + n] != '\0') {
                        name[n] = data[start + 6 + n];
                        n++;
                }
        name[n] = '\0';
}

static void as_scheduler(const char *data, size_t size, bool dropin) {
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        Scheduler *base = NULL, *s = NULL;
        char name[64];
        int r;

        name_of(data, size, name);
        if (dropin)
                CHECK(scheduler_parse("m", manifest_text, strlen(manifest_text), "latency", NULL, &base, &d) == 0);
        r = scheduler_parse("f", data, size, name, base, &s, &d);
        check_said(r, &d, data, size);
        CHECK((s != NULL) == (r >= 0 && !dropin));
        if (r >= 0)
                check_scheduler(dropin ? base : s);
        scheduler_free(base);
        scheduler_free(s);
}

static void as_profile(const char *data, size_t size, bool dropin) {
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        Profile *base = NULL, *p = NULL;
        char name[64];
        int r;

        name_of(data, size, name);
        if (dropin)
                CHECK(profile_parse("f", profile_text, strlen(profile_text), "x", NULL, &base, &d) == 0);
        r = profile_parse("f", data, size, name, base, &p, &d);
        check_said(r, &d, data, size);
        CHECK((p != NULL) == (r >= 0 && !dropin));
        if (r >= 0)
                check_profile(dropin ? base : p, data, size);
        profile_free(base);
        profile_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        if (size > CATALOG_FILE_SIZE_MAX)
                return 0;
        for (int dropin = 0; dropin < 2; dropin++) {
                as_scheduler((const char *) data, size, dropin);
                as_profile((const char *) data, size, dropin);
        }
        return 0;
}
