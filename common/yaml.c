/* SPDX-License-Identifier: GPL-2.0-only */
#include "yaml-tree.h"

#include <stdio.h>
#include <yaml.h>

#define fail(source, position, ...) diagnostics_add((source)->diagnostics, (source)->file, (position), __VA_ARGS__)

static void node_done(YamlNode *n) {
        for (size_t i = 0; i < n->n_items; i++)
                node_done(n->items + i);        /* no deeper than YAML_DEPTH_MAX */
        free(n->items);
        free(n->key);
        free(n->text);
        *n = (YamlNode) { 0 };
}

YamlNode *yaml_node_free(YamlNode *n) {
        if (!n)
                return NULL;
        node_done(n);
        return mfree(n);
}

/* Refuses what libyaml would refuse without saying where, or would take for something else than a person sees. */
static int check_characters(const YamlSource *source, const char *text, size_t size) {
        Position at = { 1, 1 };
        bool indentation = true;

        for (size_t i = 0; i < size;) {
                uint32_t c;
                int n;

                n = utf8_decode(text + i, size - i, &c);
                if (n < 0)
                        return fail(source, at, "found byte 0x%02x, expected UTF-8 text", (unsigned char) text[i]);
                if (c == 0xfeff)
                        return fail(source, at, "found a byte order mark, expected UTF-8 text without it");
                if (c == '\t' && indentation)
                        return fail(source, at, "found a tab in the indentation, expected spaces");
                if (c == '\r' && !(i + 1 < size && text[i + 1] == '\n'))
                        return fail(source, at, "found a carriage return, expected a newline");
                if (!utf8_is_printable(c) && c != '\n' && c != '\r' && c != '\t')
                        return fail(source, at, "found control character U+%04X, expected text", (unsigned) c);

                if (c != ' ')
                        indentation = false;
                at.column++;
                if (c == '\n') {
                        at.line++;
                        at.column = 1;
                        indentation = true;
                }
                i += (size_t) n;
        }
        return 0;
}

typedef struct Reader {
        const YamlSource *source;
        const char *text;
        size_t size;
        yaml_parser_t parser;
        size_t n_nodes;
} Reader;

static void reader_done(Reader *r) {
        yaml_parser_delete(&r->parser);
}

static void event_done(yaml_event_t *e) {
        yaml_event_delete(e);
}

static Position mark_position(yaml_mark_t mark) {
        return (Position) { .line = (unsigned) mark.line + 1, .column = (unsigned) mark.column + 1 };
}

/* libyaml's words for the errors that people really make, and ours. */
static const struct {
        const char *problem;
        const char *message;
} syntax_errors[] = {
        { "mapping values are not allowed in this context",
          "found ':' where no key can be, expected it only behind a key (text that contains ': ' needs quotes)" },
        { "could not find expected ':'", "found text without ':', expected 'key: value'" },
        { "did not find expected key", "found something that does not line up with the keys above, expected a key or the end" },
        { "did not find expected '-' indicator", "found something that does not line up with the list above, expected '-'" },
        { "did not find expected ',' or ']'", "found a list that does not end, expected ',' or ']'" },
        { "did not find expected ',' or '}'", "found a mapping that does not end, expected ',' or '}'" },
        { "did not find expected node content", "found punctuation, expected a value" },
        { "block sequence entries are not allowed in this context", "found '-' where no list can begin, expected a value" },
        { "mapping keys are not allowed in this context", "found '?' where no key can begin, expected a value" },
        { "found unexpected end of stream", "found the end of the file inside quotes, expected a closing quote" },
        { "found unexpected document indicator", "found the end of the document inside quotes, expected a closing quote" },
        { "found unknown escape character", "found an unknown escape behind '\\', expected one of YAML's" },
        { "did not find expected hexdecimal number", "found an incomplete escape behind '\\', expected hexadecimal digits" },
        { "found invalid Unicode character escape code", "found an escape that is no character, expected one of Unicode's" },
        { "did not find expected <document start>",
          "found something behind the end of the document, expected the end of the file" },
        { "found a tab character where an indentation space is expected", "found a tab, expected spaces" },
        { "found a tab character that violates indentation", "found a tab, expected spaces" },
        { "found unexpected ':'", "found ':' in text, expected quotes around it" },
};

static int syntax_error(Reader *r) {
        Position at = mark_position(r->parser.problem_mark);
        const char *problem = r->parser.problem ? r->parser.problem : "no reason given";
        size_t index = r->parser.problem_mark.index;

        if (r->parser.error == YAML_MEMORY_ERROR)
                return -ENOMEM;

        /* Where nothing can start, the character says more. The index counts characters, so look for it the same way. */
        if (streq(problem, "found character that cannot start any token")) {
                const char *p = r->text;
                size_t left = r->size;
                uint32_t c = 0;

                for (size_t i = 0; left > 0; i++) {
                        int n = utf8_decode(p, left, &c);

                        if (n < 0 || i == index)
                                break;
                        p += n;
                        left -= (size_t) n;
                }
                if (left > 0 && c == '\t')
                        return fail(r->source, at, "found a tab, expected spaces");
                if (left > 0 && c < 0x80)
                        return fail(r->source, at, "found '%c', expected text that does not begin with it (or quotes around it)",
                                    (char) c);
        }
        for (size_t i = 0; i < ELEMENTSOF(syntax_errors); i++)
                if (streq(problem, syntax_errors[i].problem))
                        return fail(r->source, at, "%s", syntax_errors[i].message);
        return fail(r->source, at, "found text that is no YAML (%s), expected keys and values", problem);
}

static int next_event(Reader *r, yaml_event_t *ret) {
        yaml_event_t e;

        if (!yaml_parser_parse(&r->parser, &e))
                return syntax_error(r);
        *ret = e;
        return 0;
}

static int check_decoration(Reader *r, Position at, const yaml_char_t *anchor, const yaml_char_t *tag) {
        if (anchor)
                return fail(r->source, at, "found anchor %s, expected none (values cannot be shared)",
                            QUOTE((const char *) anchor));
        if (tag)
                return fail(r->source, at, "found tag %s, expected a plain value", QUOTE((const char *) tag));
        return 0;
}

static int take_text(Reader *r, const yaml_event_t *e, char **ret) {
        const char *text = (const char *) e->data.scalar.value;
        size_t size = e->data.scalar.length;
        Position at = mark_position(e->start_mark);
        char *copy;

        /* What was written as an escape has not been looked at yet. */
        for (size_t i = 0; i < size;) {
                uint32_t c;
                int n;

                n = utf8_decode(text + i, size - i, &c);
                if (n < 0)
                        return fail(r->source, at, "found an escape that is no character, expected one of Unicode's");
                if (!utf8_is_printable(c) && c != '\n')
                        return fail(r->source, at, "found control character U+%04X in text, expected none", (unsigned) c);
                i += (size_t) n;
        }
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

static int count_node(Reader *r, Position at) {
        if (++r->n_nodes > YAML_NODES_MAX)
                return fail(r->source, at, "found more than %u keys and values, expected at most that", YAML_NODES_MAX);
        return 0;
}

static int append_item(YamlNode *n, YamlNode item) {
        if ((n->n_items & (n->n_items - 1)) == 0) {     /* full whenever it is a power of two */
                YamlNode *items = reallocarray(n->items, n->n_items > 0 ? n->n_items * 2 : 1, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                n->items = items;
        }
        n->items[n->n_items++] = item;
        return 0;
}

static int check_key(Reader *r, const YamlNode *n, const char *key, Position at) {
        for (size_t i = 0; i < n->n_items; i++)
                if (streq(n->items[i].key, key))
                        return fail(r->source, at, "found key %s again, expected it only once (it is already in line %u)",
                                    QUOTE(key), n->items[i].key_position.line);
        return 0;
}

static int read_node(Reader *r, const yaml_event_t *e, unsigned depth, YamlNode *ret);

/* Reads what a list or mapping contains, up to its end. */
static int read_items(Reader *r, unsigned depth, YamlNode *n) {
        for (;;) {
                _cleanup_(event_done) yaml_event_t e = { 0 }, value = { 0 };
                _cleanup_(node_done) YamlNode item = { 0 };
                _cleanup_(freep) char *key = NULL;
                Position at;
                int k;

                k = next_event(r, &e);
                if (k < 0)
                        return k;
                if (e.type == YAML_SEQUENCE_END_EVENT || e.type == YAML_MAPPING_END_EVENT)
                        return 0;

                at = mark_position(e.start_mark);
                if (n->kind == YAML_KIND_MAPPING) {
                        _cleanup_(node_done) YamlNode name = { 0 };

                        k = read_node(r, &e, depth, &name);
                        if (k < 0)
                                return k;
                        if (name.kind != YAML_KIND_SCALAR)
                                return fail(r->source, at, "found %s as a key, expected text", YAML_DESCRIBE(&name));
                        k = check_key(r, n, name.text, at);
                        if (k < 0)
                                return k;
                        key = TAKE_PTR(name.text);
                        k = next_event(r, &value);
                        if (k < 0)
                                return k;
                }

                k = read_node(r, n->kind == YAML_KIND_MAPPING ? &value : &e, depth, &item);
                if (k < 0)
                        return k;
                item.key = TAKE_PTR(key);
                item.key_position = at;
                k = append_item(n, item);
                if (k < 0)
                        return k;
                item = (YamlNode) { 0 };
        }
}

static int read_node(Reader *r, const yaml_event_t *e, unsigned depth, YamlNode *ret) {
        _cleanup_(node_done) YamlNode n = { .position = mark_position(e->start_mark) };
        int k;

        k = count_node(r, n.position);
        if (k < 0)
                return k;

        switch (e->type) {
        case YAML_ALIAS_EVENT:
                return fail(r->source, n.position, "found alias %s, expected the value itself",
                            QUOTE((const char *) e->data.alias.anchor));
        case YAML_SCALAR_EVENT:
                k = check_decoration(r, n.position, e->data.scalar.anchor, e->data.scalar.tag);
                if (k < 0)
                        return k;
                n.kind = YAML_KIND_SCALAR;
                n.quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
                k = take_text(r, e, &n.text);
                if (k < 0)
                        return k;
                break;
        case YAML_SEQUENCE_START_EVENT:
                k = check_decoration(r, n.position, e->data.sequence_start.anchor, e->data.sequence_start.tag);
                n.kind = YAML_KIND_LIST;
                break;
        case YAML_MAPPING_START_EVENT:
                k = check_decoration(r, n.position, e->data.mapping_start.anchor, e->data.mapping_start.tag);
                n.kind = YAML_KIND_MAPPING;
                break;
        default:
                return fail(r->source, n.position, "found the end, expected a value");
        }
        if (k < 0)
                return k;

        if (n.kind != YAML_KIND_SCALAR) {
                if (depth >= YAML_DEPTH_MAX)
                        return fail(r->source, n.position, "found more than %u levels, expected at most that", YAML_DEPTH_MAX);
                k = read_items(r, depth + 1, &n);
                if (k < 0)
                        return k;
        }
        *ret = n;
        n = (YamlNode) { 0 };
        return 0;
}

/* Only one document, without directives. *ret is NULL if there is none. */
static int read_stream(Reader *r, YamlNode **ret) {
        _cleanup_(yaml_node_freep) YamlNode *root = NULL;

        for (;;) {
                _cleanup_(event_done) yaml_event_t e = { 0 };
                Position at;
                int k;

                k = next_event(r, &e);
                if (k < 0)
                        return k;
                at = mark_position(e.start_mark);

                switch (e.type) {
                case YAML_STREAM_END_EVENT:
                        *ret = TAKE_PTR(root);
                        return 0;
                case YAML_DOCUMENT_START_EVENT:
                        if (root)
                                return fail(r->source, at, "found a second document, expected only one in a file");
                        if (e.data.document_start.version_directive ||
                            e.data.document_start.tag_directives.start != e.data.document_start.tag_directives.end)
                                return fail(r->source, at, "found a directive ('%%…'), expected none");
                        break;
                case YAML_STREAM_START_EVENT:
                case YAML_DOCUMENT_END_EVENT:
                        break;
                default:
                        root = calloc(1, sizeof(*root));
                        if (!root)
                                return -ENOMEM;
                        k = read_node(r, &e, 0, root);
                        if (k < 0)
                                return k;
                }
        }
}

int yaml_load(const YamlSource *source, const char *text, size_t size, YamlNode **ret) {
        _cleanup_(reader_done) Reader r = { .source = source, .text = text, .size = size };
        _cleanup_(yaml_node_freep) YamlNode *root = NULL;
        int k;

        k = check_characters(source, text, size);
        if (k < 0)
                return k;
        if (!yaml_parser_initialize(&r.parser))
                return -ENOMEM;
        yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r.parser, (const unsigned char *) text, size);

        k = read_stream(&r, &root);
        if (k < 0)
                return k;
        if (root && yaml_is_nothing(root))      /* "---" and nothing else */
                root = yaml_node_free(root);
        *ret = TAKE_PTR(root);
        return 0;
}

const char *yaml_describe(char buffer[static DIAGNOSTIC_QUOTE_MAX], const YamlNode *n) {
        if (n->kind == YAML_KIND_LIST)
                return "a list";
        if (n->kind == YAML_KIND_MAPPING)
                return "a mapping";
        if (yaml_is_nothing(n))
                return "nothing";
        return diagnostic_quote(buffer, n->text);
}

static const char *const kind_names[] = {
        [YAML_KIND_SCALAR] = "a single value",
        [YAML_KIND_LIST] = "a list",
        [YAML_KIND_MAPPING] = "a mapping",
};

static int unknown_key(const YamlSource *source, const YamlNode *item, const YamlField *fields, size_t n_fields, bool partial) {
        char expected[512] = "";
        const char *keys[32] = { 0 }, *suggestion;
        size_t n = 0;

        assert(n_fields <= ELEMENTSOF(keys));
        for (size_t i = 0; i < n_fields; i++) {
                if (partial && (fields[i].flags & YAML_FIXED))
                        continue;
                keys[i] = fields[i].key;
                n += (size_t) snprintf(expected + n, sizeof(expected) - n, "%s%s", n > 0 ? ", " : "", fields[i].key);
                assert(n < sizeof(expected));
        }
        suggestion = diagnostic_suggest(item->key, keys, n_fields);
        if (suggestion)
                return fail(source, item->key_position, "found key %s, expected one of %s (did you mean '%s'?)", QUOTE(item->key),
                            expected, suggestion);
        return fail(source, item->key_position, "found key %s, expected one of %s", QUOTE(item->key), expected);
}

int yaml_read_mapping(const YamlSource *source, const YamlNode *n, const YamlField *fields, size_t n_fields, bool partial,
                      void *target) {
        int r = 0;

        if (n->kind != YAML_KIND_MAPPING)
                return fail(source, n->position, "found %s, expected a mapping with keys such as '%s'", YAML_DESCRIBE(n),
                            fields[0].key);

        for (size_t i = 0; i < n->n_items; i++) {
                const YamlNode *item = n->items + i;
                const YamlField *f = NULL;

                for (size_t j = 0; j < n_fields && !f; j++)
                        if (streq(fields[j].key, item->key))
                                f = fields + j;
                if (!f)
                        r = worse(r, unknown_key(source, item, fields, n_fields, partial));
                else if (partial && (f->flags & YAML_FIXED))
                        r = worse(r,
                                  fail(source, item->key_position, "found key '%s', expected only keys that a drop-in can change",
                                       f->key));
                else if (f->kind != item->kind)
                        r = worse(r, fail(source, item->position, "found %s for '%s', expected %s", YAML_DESCRIBE(item), f->key,
                                          kind_names[f->kind]));
                else
                        *(const YamlNode **) ((char *) target + f->offset) = item;
        }

        for (size_t j = 0; j < n_fields && !partial; j++) {
                bool found = false;

                if (!(fields[j].flags & YAML_REQUIRED))
                        continue;
                for (size_t i = 0; i < n->n_items && !found; i++)
                        found = streq(fields[j].key, n->items[i].key);
                if (!found)
                        r = worse(r, fail(source, n->position, "found no key '%s', expected it here", fields[j].key));
        }
        return r;
}

int yaml_read_line(const YamlSource *source, const YamlNode *n, size_t max, char **text) {
        _cleanup_(freep) char *line = NULL;
        size_t length;

        if (n->kind != YAML_KIND_SCALAR || n->text[0] == '\0')
                return fail(source, n->position, "found %s, expected text",
                            n->kind == YAML_KIND_SCALAR ? "nothing" : YAML_DESCRIBE(n));
        line = strdup(n->text);
        if (!line)
                return -ENOMEM;
        length = strlen(line);
        if (line[length - 1] == '\n')
                line[--length] = '\0';
        if (length == 0 || strchr(line, '\n'))
                return fail(source, n->position, "found %s, expected one line of text",
                            length == 0 ? "an empty line" : "several lines");
        if (length > max)
                return fail(source, n->position, "found text of %zu bytes, expected at most %zu", length, max);
        free(*text);
        *text = TAKE_PTR(line);
        return 0;
}
