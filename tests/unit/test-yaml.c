/* SPDX-License-Identifier: GPL-2.0-only */
#include "test.h"
#include "yaml-tree.h"

/* Writes a tree as {key=value,…}, [item,…] and text, so that tables can compare it. */
static void print_node(FILE *f, const YamlNode *n) {
        if (n->key)
                fprintf(f, "%s=", n->key);
        if (n->kind == YAML_KIND_SCALAR) {
                fputs(n->quoted ? "'" : "", f);
                fputs(n->text, f);
                fputs(n->quoted ? "'" : "", f);
                return;
        }
        fputc(n->kind == YAML_KIND_LIST ? '[' : '{', f);
        for (size_t i = 0; i < n->n_items; i++) {
                if (i > 0)
                        fputc(',', f);
                print_node(f, n->items + i);
        }
        fputc(n->kind == YAML_KIND_LIST ? ']' : '}', f);
}

/* The tree, or what is wrong with the text. */
static char *load(const char *text, size_t size) {
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        _cleanup_(yaml_node_freep) YamlNode *root = NULL;
        YamlSource source = { "f", &d };
        char *out = NULL;
        size_t n = 0;
        FILE *f;
        int r;

        r = yaml_load(&source, text, size, &root);
        if (r < 0) {
                ASSERT_EQ(r, -EINVAL);
                ASSERT_EQ(d.n_items, 1);
                ASSERT(!root);
                return diagnostics_format(&d);
        }
        ASSERT_EQ(d.n_items, 0);
        f = open_memstream(&out, &n);
        ASSERT(f);
        if (root)
                print_node(f, root);
        ASSERT_EQ(fclose(f), 0);
        return out;
}

static void test_load(void) {
        static const struct {
                const char *text;
                const char *result;
        } table[] = {
                { "", "" },
                { "# only a comment\n", "" },
                { "---\n", "" },
                { "a: 1\nb: {c: [x, 'y', \"z\"], d: }\n", "{a=1,b={c=[x,'y','z'],d=}}" },
                { "- a\n- b: 1\n-\n", "[a,{b=1},]" },
                { "--- \na: b\n...\n", "{a=b}" },
                { "a: >\n  two\n  lines\n", "{a='two lines\n'}" },
                { "a: grün\r\n", "{a=grün}" },
                { "a: \"\\u00fc\"\n", "{a='ü'}" },
                { "a: x\tb # tab inside a line\n", "f:1:4: found control character U+0009 in text, expected none" },
                { "a: b\t# tab before a comment\n", "{a=b}" },
                { "'a b': 1\n", "{a b=1}" },

                { "a: 1\nb: 2\na: 3\n", "f:3:1: found key 'a' again, expected it only once (it is already in line 1)" },
                { "x: {a: 1, 'a': 2}\n", "f:1:11: found key 'a' again, expected it only once (it is already in line 1)" },
                { "a: &x 1\n", "f:1:4: found anchor 'x', expected none (values cannot be shared)" },
                { "a: &x [1]\n", "f:1:4: found anchor 'x', expected none (values cannot be shared)" },
                { "&x a: 1\n", "f:1:1: found anchor 'x', expected none (values cannot be shared)" },
                { "a: *x\n", "f:1:4: found alias 'x', expected the value itself" },
                { "a: !!str 1\n", "f:1:4: found tag 'tag:yaml.org,2002:str', expected a plain value" },
                { "a: ! 1\n", "f:1:4: found tag '!', expected a plain value" },
                { "a: !x {b: 1}\n", "f:1:4: found tag '!x', expected a plain value" },
                { "%YAML 1.1\n---\na: 1\n", "f:1:1: found a directive ('%…'), expected none" },
                { "%TAG ! tag:x,2000:\n---\na: 1\n", "f:1:1: found a directive ('%…'), expected none" },
                { "a: 1\n---\nb: 2\n", "f:2:1: found a second document, expected only one in a file" },
                { "---\n---\n", "f:2:1: found a second document, expected only one in a file" },
                { "? [a]\n: 1\n", "f:1:3: found a list as a key, expected text" },
                { "{a: b}: 1\n", "f:1:1: found a mapping as a key, expected text" },

                { "a:\n\tb: 1\n", "f:2:1: found a tab in the indentation, expected spaces" },
                { "a:\t b: 1\n", "f:1:6: found ':' where no key can be, expected it only behind a key (text that contains ': ' needs quotes)" },
                { "- \t- a\n", "f:1:3: found a tab, expected spaces" },
                { "a: @b\n", "f:1:4: found '@', expected text that does not begin with it (or quotes around it)" },
                { "ü: `b\n", "f:1:4: found '`', expected text that does not begin with it (or quotes around it)" },
                { "a: b: c\n", "f:1:5: found ':' where no key can be, expected it only behind a key (text that contains ': ' needs quotes)" },
                { "a: 1\nb\n", "f:3:1: found text without ':', expected 'key: value'" },
                { "a: 1\n  b: 2\n", "f:2:4: found ':' where no key can be, expected it only behind a key (text that contains ': ' needs quotes)" },
                { "a:\n  - 1\n b: 2\n", "f:3:2: found something that does not line up with the keys above, expected a key or the end" },
                { "a: [1, 2\n", "f:2:1: found a list that does not end, expected ',' or ']'" },
                { "a: {b: 2\n", "f:2:1: found a mapping that does not end, expected ',' or '}'" },
                { "a: 'b\n", "f:2:1: found the end of the file inside quotes, expected a closing quote" },
                { "a: \"\\q\"\n", "f:1:5: found an unknown escape behind '\\', expected one of YAML's" },
                { "a: \"\\ud800\"\n", "f:1:7: found an escape that is no character, expected one of Unicode's" },
                { "a: \"\\0\"\n", "f:1:4: found control character U+0000 in text, expected none" },
                { "a: \"x\\e[31m\"\n", "f:1:4: found control character U+001B in text, expected none" },
                { "a: \"\\u202e\"\n", "f:1:4: found control character U+202E in text, expected none" },
                { "a: 1\n- b\n", "f:2:1: found something that does not line up with the keys above, expected a key or the end" },

                { "a: \xff\n", "f:1:4: found byte 0xff, expected UTF-8 text" },
                { "a: \xc3", "f:1:4: found byte 0xc3, expected UTF-8 text" },
                { "ü: \xc0\x80\n", "f:1:4: found byte 0xc0, expected UTF-8 text" },
                { "a: \xed\xa0\x80\n", "f:1:4: found byte 0xed, expected UTF-8 text" },
                { "\xef\xbb\xbf" "a: 1\n", "f:1:1: found a byte order mark, expected UTF-8 text without it" },
                { "a: \x1b[31m\n", "f:1:4: found control character U+001B, expected text" },
                { "a: x\x7f\n", "f:1:5: found control character U+007F, expected text" },
                { "a: x\xe2\x80\xa8y\n", "f:1:5: found control character U+2028, expected text" },
                { "a: 1\rb: 2\n", "f:1:5: found a carriage return, expected a newline" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(freep) char *result = load(table[i].text, strlen(table[i].text));

                ASSERT_STREQ(result, table[i].result);
        }
}

static void test_nul(void) {
        _cleanup_(freep) char *result = load("a: 1\nb: \0\n", 10);

        ASSERT_STREQ(result, "f:2:4: found control character U+0000, expected text");
}

static void test_positions(void) {
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        _cleanup_(yaml_node_freep) YamlNode *root = NULL;
        YamlSource source = { "f", &d };
        const char *text = "# comment\nä:   ü\nb:\n  - c: {d: 1}\n";
        const YamlNode *n;

        ASSERT_OK(yaml_load(&source, text, strlen(text), &root));
        ASSERT_EQ(root->position.line, 2);
        ASSERT_EQ(root->position.column, 1);
        ASSERT_EQ(root->items[0].position.line, 2);
        ASSERT_EQ(root->items[0].position.column, 6);
        ASSERT_EQ(root->items[1].key_position.line, 3);
        ASSERT_EQ(root->items[1].key_position.column, 1);
        n = root->items[1].items;
        ASSERT_EQ(n->position.line, 4);
        ASSERT_EQ(n->position.column, 5);
        n = n->items[0].items;
        ASSERT_EQ(n->key_position.column, 9);
        ASSERT_EQ(n->position.column, 12);
}

static void test_limits(void) {
        static char text[200000];
        char *p;

        for (unsigned depth = YAML_DEPTH_MAX; depth <= YAML_DEPTH_MAX + 1; depth++) {
                _cleanup_(freep) char *result = NULL;

                memset(text, '[', depth);
                memset(text + depth, ']', depth);
                result = load(text, depth * 2);
                if (depth <= YAML_DEPTH_MAX)
                        ASSERT_EQ(strlen(result), depth * 2);
                else
                        ASSERT_STREQ(result, "f:1:17: found more than 16 levels, expected at most that");
        }

        /* A list of n - 1 numbers has n nodes. */
        for (unsigned n = YAML_NODES_MAX; n <= YAML_NODES_MAX + 1; n++) {
                _cleanup_(freep) char *result = NULL;

                p = text;
                for (unsigned i = 0; i < n - 1; i++)
                        p += sprintf(p, "- 1\n");
                result = load(text, (size_t) (p - text));
                if (n <= YAML_NODES_MAX)
                        ASSERT_EQ(strlen(result), (n - 1) * 2 + 1);
                else
                        ASSERT_STREQ(result, "f:10000:3: found more than 10000 keys and values, expected at most that");
        }

        /* Brackets without end must not take time without end. */
        memset(text, '[', sizeof(text));
        {
                _cleanup_(freep) char *result = load(text, sizeof(text));

                ASSERT_STREQ(result, "f:1:17: found more than 16 levels, expected at most that");
        }
}

typedef struct Nodes {
        const YamlNode *name, *list, *map, *fixed;
} Nodes;

static const YamlField fields[] = {
        { "name",  YAML_KIND_SCALAR,  YAML_REQUIRED, offsetof(Nodes, name) },
        { "list",  YAML_KIND_LIST,    0,             offsetof(Nodes, list) },
        { "map",   YAML_KIND_MAPPING, 0,             offsetof(Nodes, map) },
        { "fixed", YAML_KIND_SCALAR,  YAML_REQUIRED | YAML_FIXED, offsetof(Nodes, fixed) },
};

static void test_mapping(void) {
        static const struct {
                const char *text;
                bool partial;
                const char *result;
        } table[] = {
                { "name: a\nfixed: b\n", false, "" },
                { "fixed: b\nmap: {}\nlist: []\nname: a\n", false, "" },
                { "{}", true, "" },
                { "{}", false, "f:1:1: found no key 'name', expected it here\nf:1:1: found no key 'fixed', expected it here" },
                { "nmae: a\nfixed: b", true,
                  "f:1:1: found key 'nmae', expected one of name, list, map (did you mean 'name'?)\n"
                  "f:2:1: found key 'fixed', expected only keys that a drop-in can change" },
                { "name: a\nfixed: b\ncolour: 1\n", false, "f:3:1: found key 'colour', expected one of name, list, map, fixed" },
                { "name: []\nfixed: {a: 1}\nlist:\nmap: x\n", false,
                  "f:1:7: found a list for 'name', expected a single value\n"
                  "f:2:8: found a mapping for 'fixed', expected a single value\n"
                  "f:3:6: found nothing for 'list', expected a list\n"
                  "f:4:6: found 'x' for 'map', expected a mapping" },
                { "[a]", false, "f:1:1: found a list, expected a mapping with keys such as 'name'" },
                { "text", false, "f:1:1: found 'text', expected a mapping with keys such as 'name'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(diagnostics_done) Diagnostics d = { 0 };
                _cleanup_(yaml_node_freep) YamlNode *root = NULL;
                _cleanup_(freep) char *result = NULL;
                YamlSource source = { "f", &d };
                Nodes nodes = { 0 };
                int r;

                ASSERT_OK(yaml_load(&source, table[i].text, strlen(table[i].text), &root));
                r = yaml_read_mapping(&source, root, fields, ELEMENTSOF(fields), table[i].partial, &nodes);
                result = diagnostics_format(&d);
                ASSERT_STREQ(result, table[i].result);
                ASSERT_EQ(r, result[0] ? -EINVAL : 0);
        }
}

static void test_line(void) {
        static const struct {
                const char *text;
                const char *line;       /* or the diagnostic */
        } table[] = {
                { "abc", "abc" },
                { ">\n one\n line\n", "one line" },
                { "|\n one\n two\n", "f:1:1: found several lines, expected one line of text" },
                { "\"\\n\"", "f:1:1: found an empty line, expected one line of text" },
                { "''", "f:1:1: found nothing, expected text" },
                { "[]", "f:1:1: found a list, expected text" },
                { "'12345678901'", "f:1:1: found text of 11 bytes, expected at most 10" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(diagnostics_done) Diagnostics d = { 0 };
                _cleanup_(yaml_node_freep) YamlNode *root = NULL;
                _cleanup_(freep) char *line = strdup("before"), *result = NULL;
                YamlSource source = { "f", &d };
                int r;

                ASSERT_OK(yaml_load(&source, table[i].text, strlen(table[i].text), &root));
                r = yaml_read_line(&source, root, 10, &line);
                result = diagnostics_format(&d);
                ASSERT_STREQ(r < 0 ? result : line, table[i].line);
                ASSERT_EQ(d.n_items, r < 0 ? 1 : 0);
                if (r < 0)
                        ASSERT_STREQ(line, "before");
        }
}

static void test_quote(void) {
        _cleanup_(freep) char *longer = strdup("äääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää");

        ASSERT_STREQ(QUOTE("abc"), "'abc'");
        ASSERT_STREQ(QUOTE(""), "''");
        ASSERT_STREQ(QUOTE("a\nb\x1b\xff"), "'a\\x0ab\\x1b\\xff'");
        ASSERT_STREQ(QUOTE("\xe2\x80\xae"), "'\\xe2\\x80\\xae'");
        ASSERT_EQ(strlen(QUOTE(longer)), 2 + 68 + 3);   /* 34 of "ä" and "…" */
        ASSERT(endswith(QUOTE(longer), "ä…'"));
}

static void test_suggest(void) {
        static const char *const words[] = { "latency", "interactive", NULL, "simple", "a" };

        ASSERT_STREQ(diagnostic_suggest("latecny", words, ELEMENTSOF(words)), "latency");
        ASSERT_STREQ(diagnostic_suggest("laten", words, ELEMENTSOF(words)), NULL);
        ASSERT_STREQ(diagnostic_suggest("interactiv", words, ELEMENTSOF(words)), "interactive");
        ASSERT_STREQ(diagnostic_suggest("smple", words, ELEMENTSOF(words)), "simple");
        ASSERT_STREQ(diagnostic_suggest("gaming", words, ELEMENTSOF(words)), NULL);
        ASSERT_STREQ(diagnostic_suggest("b", words, ELEMENTSOF(words)), NULL);
        ASSERT_STREQ(diagnostic_suggest("", words, ELEMENTSOF(words)), NULL);
        ASSERT_STREQ(diagnostic_suggest("x", NULL, 0), NULL);
}

static void test_diagnostics(void) {
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        _cleanup_(freep) char *text = NULL, *empty = NULL, *all = NULL;
        size_t lines = 1;

        empty = diagnostics_format(&d);
        ASSERT_STREQ(empty, "");
        ASSERT_EQ(diagnostics_add(&d, "a", (Position) { 3, 4 }, "found %d\n", 7), -EINVAL);
        ASSERT_EQ(diagnostics_add(&d, "b\n", (Position) { 0 }, "whole"), -EINVAL);
        ASSERT_EQ(diagnostics_add(&d, "c", (Position) { 5, 0 }, "line"), -EINVAL);
        text = diagnostics_format(&d);
        ASSERT_STREQ(text, "a:3:4: found 7\\x0a\nb\\x0a: whole\nc:5: line");

        for (unsigned i = 3; i < DIAGNOSTICS_MAX + 5; i++)
                ASSERT_EQ(diagnostics_add(&d, "d", (Position) { i, 1 }, "x"), -EINVAL);
        ASSERT_EQ(d.n_items, DIAGNOSTICS_MAX);
        ASSERT_EQ(d.n_dropped, 5);
        all = diagnostics_format(&d);
        for (const char *p = all; *p; p++)
                lines += *p == '\n';
        ASSERT_EQ(lines, DIAGNOSTICS_MAX + 1);
        ASSERT(endswith(all, "\nand 5 more"));
        diagnostics_done(NULL);
}

int main(void) {
        test_load();
        test_nul();
        test_positions();
        test_limits();
        test_mapping();
        test_line();
        test_quote();
        test_suggest();
        test_diagnostics();
        return 0;
}
