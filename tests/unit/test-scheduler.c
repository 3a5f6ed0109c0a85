/* SPDX-License-Identifier: GPL-2.0-only */
#include "corpus.h"
#include "scheduler.h"
#include "test.h"

static Scheduler *parse(const char *text) {
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        _cleanup_(freep) char *said = NULL;
        Scheduler *s = NULL;
        int r;

        r = scheduler_parse("f", text, strlen(text), "x", NULL, &s, &d);
        said = diagnostics_format(&d);
        ASSERT_STREQ(said, "");
        ASSERT_OK(r);
        return s;
}

static const char manifest[] =
        "name: x\n"
        "kind: bpf\n"
        "object: x.bpf.o\n"
        "description: A scheduler\n"
        "requires: [sched_ext, now]\n"
        "knobs:\n"
        "  slice_us: {type: u64, unit: us, min: 100, max: 20000, default: 2000, set: live, description: A turn}\n"
        "  smt_aware: {type: bool, default: yes, set: load}\n"
        "  bias: {type: s32, min: -5, max: 5, default: -1, set: live}\n"
        "  depth: {type: u32, set: load}\n"
        "  edge: {type: s64, set: load}\n";

static void test_parse(void) {
        _cleanup_(scheduler_freep) Scheduler *s = parse(manifest);
        const Knob *k;

        ASSERT_STREQ(s->name, "x");
        ASSERT_STREQ(s->file, "f");
        ASSERT_STREQ(s->object, "x.bpf.o");
        ASSERT_STREQ(s->object_file, "f");
        ASSERT_EQ(s->object_position.line, 3);
        ASSERT_EQ(s->object_position.column, 9);
        ASSERT_STREQ(s->description, "A scheduler");
        ASSERT_EQ(s->kind, SCHEDULER_KIND_BPF);
        ASSERT_EQ(s->position.line, 1);
        ASSERT_EQ(s->position.column, 7);
        ASSERT_EQ(s->n_requires, 2);
        ASSERT_STREQ(s->requires[1], "now");
        ASSERT_EQ(s->n_knobs, 5);
        ASSERT(!s->problem && !s->unread);

        k = scheduler_find_knob(s, "slice_us");
        ASSERT(k == s->knobs);
        ASSERT_EQ(k->type, KNOB_TYPE_U64);
        ASSERT_EQ(k->set, KNOB_SET_LIVE);
        ASSERT_STREQ(k->unit, "us");
        ASSERT_STREQ(k->description, "A turn");
        ASSERT_EQ_U64(k->min, 100);
        ASSERT_EQ_U64(k->max, 20000);
        ASSERT_EQ_U64(k->def, 2000);
        ASSERT(k->has_default);
        ASSERT_EQ(k->position.line, 7);
        ASSERT_EQ(k->position.column, 3);
        ASSERT_EQ(k->type_position.column, 20);
        ASSERT_EQ(k->set_position.column, 77);

        k = scheduler_find_knob(s, "smt_aware");
        ASSERT_EQ(k->type, KNOB_TYPE_BOOL);
        ASSERT_EQ(k->set, KNOB_SET_LOAD);
        ASSERT_EQ_U64(k->def, 1);
        ASSERT(!k->unit && !k->description);

        k = scheduler_find_knob(s, "bias");
        ASSERT_EQ((int64_t) k->min, -5);
        ASSERT_EQ((int64_t) k->def, -1);

        k = scheduler_find_knob(s, "depth");
        ASSERT(!k->has_default);
        ASSERT_EQ_U64(k->min, 0);
        ASSERT_EQ_U64(k->max, UINT32_MAX);
        k = scheduler_find_knob(s, "edge");
        ASSERT_EQ((int64_t) k->min, INT64_MIN);
        ASSERT_EQ((int64_t) k->max, INT64_MAX);
        ASSERT(!scheduler_find_knob(s, "slice"));
}

static void test_values(void) {
        _cleanup_(scheduler_freep) Scheduler *s = parse(manifest);
        static const struct {
                const char *knob;
                const char *text;
                const char *result;     /* the value written back, or why not */
                int r;
        } table[] = {
                { "slice_us", "100", "100", 0 },
                { "slice_us", "20000", "20000", 0 },
                { "slice_us", "50", "found 50, expected 100 to 20000 us", -ERANGE },
                { "slice_us", "20001", "found 20001, expected 100 to 20000 us", -ERANGE },
                { "slice_us", "-500", "found -500, expected 100 to 20000 us", -ERANGE },
                { "slice_us", "18446744073709551616", "found 18446744073709551616, expected 100 to 20000 us", -ERANGE },
                { "slice_us", "1000000000000000000000000000", "found '1000000000000000000000000000', expected 100 to 20000 us", -ERANGE },
                { "slice_us", "1000us", "found '1000us', expected a whole number from 100 to 20000 us", -EINVAL },
                { "slice_us", "", "found nothing, expected a whole number from 100 to 20000 us", -EINVAL },
                { "slice_us", "0100", "found '0100', expected a whole number from 100 to 20000 us", -EINVAL },
                { "slice_us", "-x", "found '-x', expected a whole number from 100 to 20000 us", -EINVAL },
                { "smt_aware", "on", "true", 0 },
                { "smt_aware", "no", "false", 0 },
                { "smt_aware", "1", "found '1', expected true or false (or yes, no, on, off)", -EINVAL },
                { "smt_aware", "", "found nothing, expected true or false (or yes, no, on, off)", -EINVAL },
                { "bias", "-5", "-5", 0 },
                { "bias", "5", "5", 0 },
                { "bias", "-6", "found -6, expected -5 to 5", -ERANGE },
                { "bias", "6", "found 6, expected -5 to 5", -ERANGE },
                { "depth", "4294967295", "4294967295", 0 },
                { "depth", "4294967296", "found 4294967296, expected 0 to 4294967295", -ERANGE },
                { "edge", "-9223372036854775808", "-9223372036854775808", 0 },
                { "edge", "9223372036854775807", "9223372036854775807", 0 },
                { "edge", "9223372036854775808", "found 9223372036854775808, expected -9223372036854775808 to 9223372036854775807", -ERANGE },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const Knob *k = scheduler_find_knob(s, table[i].knob);
                _cleanup_(freep) char *result = NULL;
                KnobValue v = 4711;

                ASSERT_EQ(knob_parse_value(k, table[i].text, &v, &result), table[i].r);
                if (table[i].r < 0)
                        ASSERT_EQ_U64(v, 4711);
                else {
                        ASSERT(!result);
                        result = knob_format_value(k, v);
                }
                ASSERT_STREQ(result, table[i].result);
        }

        ASSERT(knob_value_compare(KNOB_TYPE_S32, (KnobValue) -1, 1) < 0);
        ASSERT(knob_value_compare(KNOB_TYPE_U64, (KnobValue) -1, 1) > 0);
        ASSERT(knob_value_compare(KNOB_TYPE_S64, (KnobValue) -1, (KnobValue) -1) == 0);
}

static int parse_file(const char *file, const char *text, size_t size, const char *name, Diagnostics *diagnostics) {
        _cleanup_(scheduler_freep) Scheduler *s = NULL;

        return scheduler_parse(file, text, size, name, NULL, &s, diagnostics);
}

/* Drop-ins one after the other; what is said about the last, or the knobs' limits and defaults then. */
static void test_dropin(void) {
        static const struct {
                const char *text;
                const char *said;
        } table[] = {
                { "", "" },
                { "# nothing\n", "" },
                { "description: Another\n", "" },
                { "object: /opt/y.o\nrequires: [events]\n", "" },
                { "knobs:\n  slice_us: {max: 5000, default: 4000}\n  smt_aware: {default: no}\n", "" },
                { "knobs: {slice_us: {min: 5000, max: 5000, default: 5000, unit: µs, description: Other}}\n", "" },
                { "name: x\n", "d:1:1: found key 'name', expected only keys that a drop-in can change" },
                { "kind: module\n", "d:1:7: found 'module', expected bpf" },
                { "knobs: {slice_us: {type: u32}}\n", "d:1:20: found key 'type', expected only keys that a drop-in can change" },
                { "knobs: {slice_us: {set: load}}\n", "d:1:20: found key 'set', expected only keys that a drop-in can change" },
                { "knobs: {slice: {max: 5}}\n", "d:1:9: found knob 'slice', expected one that the manifest defines" },
                { "knobs: {slice_su: {max: 5}}\n", "d:1:9: found knob 'slice_su', expected one that the manifest defines (did you mean 'slice_us'?)" },
                { "knobs: {slice_us: {max: 1000}}\n",
                  "d:1:25: found limits 100 to 1000, expected them to include the default 2000 (or another default here)" },
                { "knobs: {slice_us: {max: 50}}\n", "d:1:25: found maximum 50, expected at least the minimum 100" },
                { "knobs: {slice_us: {min: 30000}}\n", "d:1:25: found minimum 30000, expected at most the maximum 20000" },
                { "knobs: {slice_us: {default: 30000}}\n", "d:1:29: found 30000, expected 100 to 20000 us" },
                { "knobs: {smt_aware: {min: 0}}\n", "d:1:21: found key 'min', expected none for a knob of type bool" },
                { "knobs: {depth: {default: 5000000000}}\n", "d:1:26: found 5000000000, expected 0 to 4294967295" },
                { "- a\n", "d:1:1: found a list, expected a mapping with keys such as 'name'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(scheduler_freep) Scheduler *s = parse(manifest);
                _cleanup_(diagnostics_done) Diagnostics d = { 0 };
                _cleanup_(freep) char *said = NULL;
                int r;

                r = scheduler_parse("d", table[i].text, strlen(table[i].text), "x", s, NULL, &d);
                said = diagnostics_format(&d);
                ASSERT_STREQ(said, table[i].said);
                ASSERT_EQ(r, said[0] ? -EINVAL : 0);
        }

        {
                _cleanup_(scheduler_freep) Scheduler *s = parse(manifest);
                _cleanup_(diagnostics_done) Diagnostics d = { 0 };

                for (size_t i = 0; i < 6; i++)
                        ASSERT_OK(scheduler_parse("d", table[i].text, strlen(table[i].text), "x", s, NULL, &d));
                ASSERT_STREQ(s->description, "Another");
                ASSERT_STREQ(s->object, "/opt/y.o");
                ASSERT_STREQ(s->object_file, "d");
                ASSERT_STREQ(s->file, "f");
                ASSERT_EQ(s->n_requires, 1);
                ASSERT_STREQ(s->requires[0], "events");
                ASSERT_EQ(s->n_knobs, 5);
                ASSERT_EQ_U64(s->knobs[0].min, 5000);
                ASSERT_EQ_U64(s->knobs[0].def, 5000);
                ASSERT_STREQ(s->knobs[0].unit, "µs");
                ASSERT_STREQ(s->knobs[0].description, "Other");
                ASSERT_EQ(s->knobs[0].set, KNOB_SET_LIVE);
                ASSERT_EQ_U64(s->knobs[1].def, 0);
        }
}

static ObjectVariable variable(const char *name, ObjectSection section, uint8_t size, bool is_signed, bool is_bool, uint64_t initial) {
        ObjectVariable v = { .section = section, .size = size, .is_signed = is_signed, .is_bool = is_bool, .initial = initial };

        strcpy(v.name, name);
        return v;
}

static void test_object(void) {
        const ObjectInfo good = {
                .ops_name = "x",
                .n_variables = 6,
                .variables = {
                        variable("slice_us", OBJECT_SECTION_DATA, 8, false, false, 7),
                        variable("smt_aware", OBJECT_SECTION_RODATA, 1, false, true, 0),
                        variable("bias", OBJECT_SECTION_DATA, 4, true, false, 0),
                        variable("depth", OBJECT_SECTION_RODATA, 4, false, false, 5),
                        variable("edge", OBJECT_SECTION_RODATA, 8, true, false, (uint64_t) -5),
                        variable("unused", OBJECT_SECTION_RODATA, 0, false, false, 0),
                },
        };
        const struct {
                size_t index;
                ObjectVariable v;
                const char *said;
        } table[] = {
                { 5, good.variables[5], "" },
                { 0, variable("slice_ms", OBJECT_SECTION_DATA, 8, false, false, 0),
                  "f:7:3: found knob 'slice_us', expected a variable of x.bpf.o (did you mean 'slice_ms'?)" },
                { 0, variable("quantum", OBJECT_SECTION_DATA, 8, false, false, 0), "f:7:3: found knob 'slice_us', expected a variable of x.bpf.o" },
                { 0, variable("slice_us", OBJECT_SECTION_DATA, 0, false, false, 0),
                  "f:7:3: found knob 'slice_us', expected a variable of x.bpf.o that is a number or a bool" },
                { 0, variable("slice_us", OBJECT_SECTION_DATA, 4, false, false, 0),
                  "f:7:20: found u64, expected u32, which 'slice_us' is in x.bpf.o" },
                { 0, variable("slice_us", OBJECT_SECTION_DATA, 8, true, false, 0),
                  "f:7:20: found u64, expected s64, which 'slice_us' is in x.bpf.o" },
                { 0, variable("slice_us", OBJECT_SECTION_DATA, 2, true, false, 0),
                  "f:7:20: found u64, but 'slice_us' is a signed number of 16 bits in x.bpf.o, expected one that can be a knob" },
                { 0, variable("slice_us", OBJECT_SECTION_RODATA, 8, false, false, 0),
                  "f:7:77: found live, expected load, as 'slice_us' is a constant in x.bpf.o" },
                { 1, variable("smt_aware", OBJECT_SECTION_DATA, 1, false, true, 0),
                  "f:8:46: found load, expected live, as 'smt_aware' is an ordinary variable in x.bpf.o" },
                { 1, variable("smt_aware", OBJECT_SECTION_RODATA, 1, false, false, 0),
                  "f:8:21: found bool, but 'smt_aware' is an unsigned number of 8 bits in x.bpf.o, expected one that can be a knob" },
        };
        _cleanup_(scheduler_freep) Scheduler *s = parse(manifest), *narrow = NULL;
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        _cleanup_(freep) char *said = NULL;
        ObjectInfo none = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(diagnostics_done) Diagnostics own = { 0 };
                _cleanup_(freep) char *text = NULL;
                ObjectInfo object = good;
                int r;

                object.variables[table[i].index] = table[i].v;
                r = scheduler_check_object(s, &object, &own);
                text = diagnostics_format(&own);
                ASSERT_STREQ(text, table[i].said);
                ASSERT_EQ(r, text[0] ? -EINVAL : 0);
        }

        {       /* A name without an end, which only a broken helper would send. */
                _cleanup_(diagnostics_done) Diagnostics own = { 0 };
                ObjectInfo *endless = calloc(1, sizeof(*endless));

                ASSERT(endless);
                endless->n_variables = OBJECT_VARIABLES_MAX + 1;
                for (size_t i = 0; i < OBJECT_VARIABLES_MAX; i++)
                        memset(endless->variables + i, 'x', sizeof(ObjectVariable));
                ASSERT_EQ(scheduler_check_object(s, endless, &own), -EINVAL);
                ASSERT_EQ(own.n_items, 5);
                free(endless);
        }

        ASSERT_EQ(scheduler_check_object(s, &none, &d), -EINVAL);
        ASSERT_EQ(d.n_items, 5);
        diagnostics_done(&d);

        /* Without a default the object's own value counts, so it must be in range. */
        narrow = parse("name: x\nkind: bpf\nobject: x.bpf.o\ndescription: x\nknobs: {depth: {type: u32, set: load, min: 10}}\n");
        ASSERT_EQ(scheduler_check_object(narrow, &good, &d), -EINVAL);
        said = diagnostics_format(&d);
        ASSERT_STREQ(said, "f:5:9: found no default, and 5 of 'depth' in x.bpf.o, expected 10 to 4294967295");
}

static void test_tables(void) {
        for (int i = 0; i < _KNOB_TYPE_MAX; i++)
                ASSERT_EQ(knob_type_from_string(knob_type_to_string((KnobType) i)), i);
        for (int i = 0; i < _KNOB_SET_MAX; i++)
                ASSERT_EQ(knob_set_from_string(knob_set_to_string((KnobSet) i)), i);
        for (int i = 0; i < _SCHEDULER_KIND_MAX; i++)
                ASSERT_EQ(scheduler_kind_from_string(scheduler_kind_to_string((SchedulerKind) i)), i);
        ASSERT_EQ(knob_type_from_string("u16"), -EINVAL);
        ASSERT(!scheduler_free(NULL));
}

int main(void) {
        ASSERT(corpus_check(TEST_DATA_DIR "/schedulers", parse_file) >= 40);
        test_parse();
        test_values();
        test_dropin();
        test_object();
        test_tables();
        return 0;
}
