/* SPDX-License-Identifier: GPL-2.0-only */
#include "scheduler.h"

#include <inttypes.h>
#include <stdio.h>

#include "catalog.h"
#include "units.h"
#include "yaml-tree.h"

#define OBJECT_TEXT_MAX 1024u

#define fail(source, position, ...) diagnostics_add((source)->diagnostics, (source)->file, (position), __VA_ARGS__)

static const char *const scheduler_kind_table[] = {
        [SCHEDULER_KIND_BPF] = "bpf",
};
DEFINE_STRING_TABLE(scheduler_kind, SchedulerKind);

static const char *const knob_type_table[] = {
        [KNOB_TYPE_BOOL] = "bool",
        [KNOB_TYPE_U32] = "u32",
        [KNOB_TYPE_S32] = "s32",
        [KNOB_TYPE_U64] = "u64",
        [KNOB_TYPE_S64] = "s64",
};
DEFINE_STRING_TABLE(knob_type, KnobType);

static const char *const knob_set_table[] = {
        [KNOB_SET_LOAD] = "load",
        [KNOB_SET_LIVE] = "live",
};
DEFINE_STRING_TABLE(knob_set, KnobSet);

static const struct {
        uint8_t size;
        bool is_signed;
        KnobValue min, max;
} type_info[] = {
        [KNOB_TYPE_BOOL] = { 1, false, 0, 1 },
        [KNOB_TYPE_U32] = { 4, false, 0, UINT32_MAX },
        [KNOB_TYPE_S32] = { 4, true, (KnobValue) INT32_MIN, INT32_MAX },
        [KNOB_TYPE_U64] = { 8, false, 0, UINT64_MAX },
        [KNOB_TYPE_S64] = { 8, true, (KnobValue) INT64_MIN, INT64_MAX },
};

static void knob_done(Knob *k) {
        free(k->name);
        free(k->description);
        free(k->unit);
        *k = (Knob) { 0 };
}

static void free_strings(char **strings, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(strings[i]);
        free(strings);
}

Scheduler *scheduler_free(Scheduler *s) {
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n_knobs; i++)
                knob_done(s->knobs + i);
        free(s->knobs);
        free_strings(s->requires, s->n_requires);
        free(s->name);
        free(s->description);
        free(s->object);
        free(s->object_path);
        free(s->object_file);
        free(s->file);
        free(s->problem);
        return mfree(s);
}

static Knob *find_knob(Knob *knobs, size_t n_knobs, const char *name) {
        for (size_t i = 0; i < n_knobs; i++)
                if (streq(knobs[i].name, name))
                        return knobs + i;
        return NULL;
}

const Knob *scheduler_find_knob(const Scheduler *s, const char *name) {
        return find_knob(s->knobs, s->n_knobs, name);
}

int knob_value_compare(KnobType type, KnobValue a, KnobValue b) {
        if (type_info[type].is_signed)
                return ((int64_t) a > (int64_t) b) - ((int64_t) a < (int64_t) b);
        return (a > b) - (a < b);
}

static bool knob_in_range(const Knob *k, KnobValue v) {
        return knob_value_compare(k->type, v, k->min) >= 0 && knob_value_compare(k->type, v, k->max) <= 0;
}

char *knob_format_value(const Knob *k, KnobValue v) {
        char *text = NULL;

        if (k->type == KNOB_TYPE_BOOL)
                return strdup(v ? "true" : "false");
        if (type_info[k->type].is_signed ? asprintf(&text, "%" PRId64, (int64_t) v) < 0 : asprintf(&text, "%" PRIu64, v) < 0)
                return NULL;
        return text;
}

int knob_parse_value(const Knob *k, const char *text, KnobValue *ret, char **ret_why) {
        _cleanup_(freep) char *min = NULL, *max = NULL;
        const char *blank = strempty(k->unit)[0] ? " " : "", *unit = strempty(k->unit);
        char *why = NULL;
        KnobValue v = 0;
        int r, n;

        if (k->type == KNOB_TYPE_BOOL) {
                bool b;

                r = parse_bool(text, &b);
                if (r < 0) {
                        if (asprintf(&why, "found %s, expected true or false (or yes, no, on, off)",
                                     text[0] ? QUOTE(text) : "nothing") < 0)
                                return -ENOMEM;
                        *ret_why = why;
                        return -EINVAL;
                }
                *ret = b;
                return 0;
        }

        if (type_info[k->type].is_signed) {
                int64_t s = 0;

                r = parse_s64(text, &s);
                v = (KnobValue) s;
        } else {
                r = parse_u64(text, &v);
                /* "-5" is a number, only too small a one. */
                if (r == -EINVAL && text[0] == '-' && parse_u64(text + 1, &v) != -EINVAL)
                        r = -ERANGE;
        }
        if (r >= 0 && knob_in_range(k, v)) {
                *ret = v;
                return 0;
        }
        if (r >= 0)
                r = -ERANGE;

        min = knob_format_value(k, k->min);
        max = knob_format_value(k, k->max);
        if (!min || !max)
                return -ENOMEM;
        if (r == -ERANGE)
                n = asprintf(&why, "found %s, expected %s to %s%s%s", strlen(text) <= 24 ? text : QUOTE(text), min, max, blank,
                             unit);
        else
                n = asprintf(&why, "found %s, expected a whole number from %s to %s%s%s", text[0] ? QUOTE(text) : "nothing", min,
                             max, blank, unit);
        if (n < 0)
                return -ENOMEM;
        *ret_why = why;
        return r;
}

/* Identifiers of C: "slice_us". */
static bool knob_name_is_valid(const char *name) {
        size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

        return n > 0 && n <= KNOB_NAME_MAX && name[n] == '\0' && !(name[0] >= '0' && name[0] <= '9');
}

static bool feature_name_is_valid(const char *name) {
        size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

        return n > 0 && n <= 63 && name[n] == '\0' && name[0] >= 'a';
}

static bool object_name_is_valid(const char *name) {
        const char *part = name + (name[0] == '/');

        if (name[0] == '\0' || strchr(name, '\n'))
                return false;
        for (;;) {
                size_t n = strcspn(part, "/");

                if (n == 0 || (n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
                        return false;
                if (part[n] == '\0')
                        return true;
                part += n + 1;
        }
}

typedef struct KnobNodes {
        const YamlNode *type, *unit, *min, *max, *def, *set, *description;
} KnobNodes;

static const YamlField knob_fields[] = {
        { "type",        YAML_KIND_SCALAR, YAML_REQUIRED | YAML_FIXED, offsetof(KnobNodes, type) },
        { "unit",        YAML_KIND_SCALAR, 0,                          offsetof(KnobNodes, unit) },
        { "min",         YAML_KIND_SCALAR, 0,                          offsetof(KnobNodes, min) },
        { "max",         YAML_KIND_SCALAR, 0,                          offsetof(KnobNodes, max) },
        { "default",     YAML_KIND_SCALAR, 0,                          offsetof(KnobNodes, def) },
        { "set",         YAML_KIND_SCALAR, YAML_REQUIRED | YAML_FIXED, offsetof(KnobNodes, set) },
        { "description", YAML_KIND_SCALAR, 0,                          offsetof(KnobNodes, description) },
};

/* Reads a number or bool against the knob's limits as they are now. */
static int read_value(const YamlSource *source, const YamlNode *n, const Knob *k, KnobValue *ret) {
        _cleanup_(freep) char *why = NULL;
        int r;

        r = knob_parse_value(k, n->text, ret, &why);
        if (r == -ENOMEM)
                return r;
        return r < 0 ? fail(source, n->position, "%s", why) : 0;
}

static int read_limits(const YamlSource *source, const KnobNodes *nodes, Knob *k) {
        Knob whole = { .type = k->type, .min = type_info[k->type].min, .max = type_info[k->type].max };
        int r = 0;

        if (k->type == KNOB_TYPE_BOOL) {
                const YamlNode *surplus = nodes->min ? nodes->min : nodes->max ? nodes->max : nodes->unit;

                if (surplus)
                        return fail(source, surplus->key_position, "found key '%s', expected none for a knob of type bool",
                                    surplus->key);
        }
        if (nodes->min)
                r = worse(r, read_value(source, nodes->min, &whole, &k->min));
        if (nodes->max)
                r = worse(r, read_value(source, nodes->max, &whole, &k->max));
        if (r < 0)
                return r;

        if ((nodes->min || nodes->max) && knob_value_compare(k->type, k->min, k->max) > 0) {
                _cleanup_(freep) char *min = knob_format_value(k, k->min), *max = knob_format_value(k, k->max);

                if (!min || !max)
                        return -ENOMEM;
                return nodes->max ? fail(source, nodes->max->position, "found maximum %s, expected at least the minimum %s", max,
                                         min)
                                  : fail(source, nodes->min->position, "found minimum %s, expected at most the maximum %s", min,
                                         max);
        }
        return 0;
}

static int read_default(const YamlSource *source, const KnobNodes *nodes, Knob *k) {
        const YamlNode *limit = nodes->max ? nodes->max : nodes->min;
        int r;

        if (nodes->def) {
                r = read_value(source, nodes->def, k, &k->def);
                if (r >= 0)
                        k->has_default = true;
                return r;
        }
        if (limit && k->has_default && !knob_in_range(k, k->def)) {     /* in a drop-in only: the default is another file's */
                _cleanup_(freep) char *min = knob_format_value(k, k->min), *max = knob_format_value(k, k->max),
                                      *def = knob_format_value(k, k->def);

                if (!min || !max || !def)
                        return -ENOMEM;
                return fail(source, limit->position,
                            "found limits %s to %s, expected them to include the default %s (or another default here)",
                            min, max, def);
        }
        return 0;
}

static int read_knob(const YamlSource *source, const YamlNode *n, bool dropin, Knob *k) {
        KnobNodes nodes = { 0 };
        int r;

        r = yaml_read_mapping(source, n, knob_fields, ELEMENTSOF(knob_fields), dropin, &nodes);
        if (r == -ENOMEM)
                return r;

        if (nodes.unit)
                r = worse(r, yaml_read_line(source, nodes.unit, UNIT_MAX, &k->unit));
        if (nodes.description)
                r = worse(r, yaml_read_line(source, nodes.description, DESCRIPTION_MAX, &k->description));
        if (nodes.set) {
                KnobSet set = knob_set_from_string(nodes.set->text);

                if ((int) set < 0)
                        r = worse(r,
                                  fail(source, nodes.set->position, "found %s, expected load or live", YAML_DESCRIBE(nodes.set)));
                k->set = set;
                k->set_position = nodes.set->position;
        }
        if (nodes.type) {
                KnobType type = knob_type_from_string(nodes.type->text);

                if ((int) type < 0)
                        return worse(r, fail(source, nodes.type->position, "found %s, expected bool, u32, s32, u64 or s64",
                                             YAML_DESCRIBE(nodes.type)));
                k->type = type;
                k->type_position = nodes.type->position;
                k->min = type_info[type].min;
                k->max = type_info[type].max;
        } else if (!dropin)
                return r;       /* its absence is reported, and without it there is nothing to compare with */

        if (nodes.min || nodes.max || nodes.unit) {
                int q = read_limits(source, &nodes, k);

                if (q < 0)
                        return worse(r, q);
        }
        return worse(r, read_default(source, &nodes, k));
}

static int unknown_knob(const YamlSource *source, Position at, const char *name, const Scheduler *s) {
        const char *names[KNOBS_MAX], *suggestion;

        for (size_t i = 0; i < s->n_knobs; i++)
                names[i] = s->knobs[i].name;
        suggestion = diagnostic_suggest(name, names, s->n_knobs);
        if (suggestion)
                return fail(source, at, "found knob %s, expected one that the manifest defines (did you mean '%s'?)", QUOTE(name),
                            suggestion);
        return fail(source, at, "found knob %s, expected one that the manifest defines", QUOTE(name));
}

static int read_knobs(const YamlSource *source, const YamlNode *n, bool dropin, Scheduler *s) {
        int r = 0;

        if (!dropin) {
                if (n->n_items > KNOBS_MAX)
                        return fail(source, n->position, "found %zu knobs, expected at most %u", n->n_items, KNOBS_MAX);
                s->knobs = calloc(MAX(n->n_items, (size_t) 1), sizeof(Knob));
                if (!s->knobs)
                        return -ENOMEM;
        }

        for (size_t i = 0; i < n->n_items && r != -ENOMEM; i++) {
                const YamlNode *item = n->items + i;
                Knob *k;

                if (dropin) {
                        k = find_knob(s->knobs, s->n_knobs, item->key);
                        if (!k) {
                                r = worse(r, unknown_knob(source, item->key_position, item->key, s));
                                continue;
                        }
                } else {
                        if (!knob_name_is_valid(item->key)) {
                                r = worse(r,
                                          fail(source, item->key_position,
                                               "found knob %s, expected the name of a variable in C of at most %u letters",
                                                  QUOTE(item->key), KNOB_NAME_MAX));
                                continue;
                        }
                        k = s->knobs + s->n_knobs;
                        k->position = item->key_position;
                        k->name = strdup(item->key);
                        if (!k->name)
                                return -ENOMEM;
                        s->n_knobs++;
                }
                r = worse(r, read_knob(source, item, dropin, k));
        }
        return r;
}

static int read_requires(const YamlSource *source, const YamlNode *n, Scheduler *s) {
        char **requires;
        size_t n_requires = 0;
        int r = 0;

        if (n->n_items > REQUIRES_MAX)
                return fail(source, n->position, "found %zu features, expected at most %u", n->n_items, REQUIRES_MAX);
        requires = calloc(MAX(n->n_items, (size_t) 1), sizeof(char *));
        if (!requires)
                return -ENOMEM;

        for (size_t i = 0; i < n->n_items; i++) {
                const YamlNode *item = n->items + i;
                bool again = false;

                if (item->kind != YAML_KIND_SCALAR || !feature_name_is_valid(item->text)) {
                        r = worse(r,
                                  fail(source, item->position,
                                       "found %s, expected the name of a kernel feature, such as dsq_insert_vtime",
                                          YAML_DESCRIBE(item)));
                        continue;
                }
                for (size_t j = 0; j < n_requires && !again; j++)
                        again = streq(requires[j], item->text);
                if (again) {
                        r = worse(r,
                                  fail(source, item->position, "found %s again, expected each feature once", QUOTE(item->text)));
                        continue;
                }
                requires[n_requires] = strdup(item->text);
                if (!requires[n_requires]) {
                        free_strings(requires, n_requires);
                        return -ENOMEM;
                }
                n_requires++;
        }
        if (r < 0) {
                free_strings(requires, n_requires);
                return r;
        }
        free_strings(s->requires, s->n_requires);
        s->requires = requires;
        s->n_requires = n_requires;
        return 0;
}

static int read_object(const YamlSource *source, const YamlNode *n, Scheduler *s) {
        _cleanup_(freep) char *object = NULL;
        int r;

        r = yaml_read_line(source, n, OBJECT_TEXT_MAX, &object);
        if (r < 0)
                return r;
        if (!object_name_is_valid(object))
                return fail(source, n->position,
                            "found %s, expected a file name such as latency.bpf.o, or an absolute path (without '.' and '..')",
                            QUOTE(object));
        free(s->object);
        s->object = TAKE_PTR(object);
        s->object_position = n->position;
        return free_and_strdup(&s->object_file, source->file);
}

typedef struct ManifestNodes {
        const YamlNode *name, *kind, *object, *description, *requires, *knobs;
} ManifestNodes;

static const YamlField manifest_fields[] = {
        { "name",        YAML_KIND_SCALAR,  YAML_REQUIRED | YAML_FIXED, offsetof(ManifestNodes, name) },
        { "kind",        YAML_KIND_SCALAR,  YAML_REQUIRED,              offsetof(ManifestNodes, kind) },
        { "object",      YAML_KIND_SCALAR,  YAML_REQUIRED,              offsetof(ManifestNodes, object) },
        { "description", YAML_KIND_SCALAR,  YAML_REQUIRED,              offsetof(ManifestNodes, description) },
        { "requires",    YAML_KIND_LIST,    0,                          offsetof(ManifestNodes, requires) },
        { "knobs",       YAML_KIND_MAPPING, 0,                          offsetof(ManifestNodes, knobs) },
};

static int read_manifest(const YamlSource *source, const YamlNode *root, const char *name, bool dropin, Scheduler *s) {
        ManifestNodes nodes = { 0 };
        int r;

        r = yaml_read_mapping(source, root, manifest_fields, ELEMENTSOF(manifest_fields), dropin, &nodes);

        if (nodes.name && r != -ENOMEM) {
                s->position = nodes.name->position;
                if (!streq(nodes.name->text, name))
                        r = worse(r, fail(source, nodes.name->position, "found %s as name, expected '%s', as the file is %s.yaml",
                                          YAML_DESCRIBE(nodes.name), name, name));
        }
        if (nodes.kind && r != -ENOMEM) {
                s->kind = scheduler_kind_from_string(nodes.kind->text);
                if ((int) s->kind < 0)
                        r = worse(r, fail(source, nodes.kind->position, "found %s, expected bpf", YAML_DESCRIBE(nodes.kind)));
        }
        if (nodes.object && r != -ENOMEM)
                r = worse(r, read_object(source, nodes.object, s));
        if (nodes.description && r != -ENOMEM)
                r = worse(r, yaml_read_line(source, nodes.description, DESCRIPTION_MAX, &s->description));
        if (nodes.requires && r != -ENOMEM)
                r = worse(r, read_requires(source, nodes.requires, s));
        if (nodes.knobs && r != -ENOMEM)
                r = worse(r, read_knobs(source, nodes.knobs, dropin, s));
        return r;
}

int scheduler_parse(const char *file, const char *text, size_t size, const char *name, Scheduler *base, Scheduler **ret,
                    Diagnostics *diagnostics) {
        YamlSource source = { file, diagnostics };
        _cleanup_(yaml_node_freep) YamlNode *root = NULL;
        _cleanup_(scheduler_freep) Scheduler *s = NULL;
        int r;

        r = yaml_load(&source, text, size, &root);
        if (r < 0)
                return r;
        if (base)
                return root ? read_manifest(&source, root, name, true, base) : 0;
        if (!root)
                return fail(&source, (Position) { 0 }, "found no keys, expected a scheduler's manifest");

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->name = strdup(name);
        s->file = strdup(file);
        if (!s->name || !s->file)
                return -ENOMEM;
        r = read_manifest(&source, root, name, false, s);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

static bool variable_is(const ObjectVariable *v, KnobType type) {
        return v->size == type_info[type].size && !!v->is_signed == type_info[type].is_signed &&
               !!v->is_bool == (type == KNOB_TYPE_BOOL);
}

static int check_variable(const Scheduler *s, const Knob *k, const ObjectInfo *object, Diagnostics *diagnostics) {
        const ObjectVariable *v = object_info_find(object, k->name);
        bool constant;

        if (!v) {
                const char *names[OBJECT_VARIABLES_MAX], *suggestion;
                size_t n = MIN(object->n_variables, OBJECT_VARIABLES_MAX);

                for (size_t i = 0; i < n; i++)
                        names[i] = memchr(object->variables[i].name, '\0', sizeof(object->variables[i].name)) ? object->variables[i].name : NULL;
                suggestion = diagnostic_suggest(k->name, names, n);
                if (suggestion)
                        return diagnostics_add(diagnostics, s->file, k->position,
                                               "found knob '%s', expected a variable of %s (did you mean '%s'?)", k->name, s->object, suggestion);
                return diagnostics_add(diagnostics, s->file, k->position, "found knob '%s', expected a variable of %s", k->name,
                                       s->object);
        }
        if (v->size == 0)
                return diagnostics_add(diagnostics, s->file, k->position,
                                       "found knob '%s', expected a variable of %s that is a number or a bool",
                                       k->name, s->object);
        if (!variable_is(v, k->type)) {
                for (size_t t = 0; t < _KNOB_TYPE_MAX; t++)
                        if (variable_is(v, (KnobType) t))
                                return diagnostics_add(diagnostics, s->file, k->type_position,
                                                       "found %s, expected %s, which '%s' is in %s",
                                                       knob_type_to_string(k->type), knob_type_to_string((KnobType) t), k->name, s->object);
                return diagnostics_add(diagnostics, s->file, k->type_position,
                                       "found %s, but '%s' is %s number of %u bits in %s, expected one that can be a knob",
                                       knob_type_to_string(k->type), k->name, v->is_signed ? "a signed" : "an unsigned", v->size * 8u, s->object);
        }
        constant = v->section == OBJECT_SECTION_RODATA;
        if (constant != (k->set == KNOB_SET_LOAD))
                return diagnostics_add(diagnostics, s->file, k->set_position, "found %s, expected %s, as '%s' is %s in %s",
                                       knob_set_to_string(k->set), constant ? "load" : "live", k->name,
                                       constant ? "a constant" : "an ordinary variable", s->object);
        if (!k->has_default && !knob_in_range(k, v->initial)) {
                _cleanup_(freep) char *min = knob_format_value(k, k->min), *max = knob_format_value(k, k->max),
                                      *initial = knob_format_value(k, v->initial);

                if (!min || !max || !initial)
                        return -ENOMEM;
                return diagnostics_add(diagnostics, s->file, k->position,
                                       "found no default, and %s of '%s' in %s, expected %s to %s", initial,
                                       k->name, s->object, min, max);
        }
        return 0;
}

int scheduler_check_object(const Scheduler *s, const ObjectInfo *object, Diagnostics *diagnostics) {
        int r = 0;

        for (size_t i = 0; i < s->n_knobs && r != -ENOMEM; i++)
                r = worse(r, check_variable(s, s->knobs + i, object, diagnostics));
        return r;
}
