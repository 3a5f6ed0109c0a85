/* SPDX-License-Identifier: GPL-2.0-only */
#include "corpus.h"

#include <dirent.h>
#include <stdio.h>

#include "test.h"

static char *read_whole(const char *path, size_t *ret_size) {
        size_t size = 0;
        char *text = malloc(1024 * 1024);
        FILE *f = fopen(path, "re");

        if (!f)
                test_failed("cannot open %s: %m", path);
        ASSERT(text);
        size = fread(text, 1, 1024 * 1024 - 1, f);
        ASSERT(feof(f));
        fclose(f);
        text[size] = '\0';
        *ret_size = size;
        return text;
}

static int is_yaml(const struct dirent *de) {
        return endswith(de->d_name, ".yaml");
}

size_t corpus_visit(const char *directory, corpus_visit_t visit, void *userdata) {
        struct dirent **list;
        char path[4096];
        int n;

        n = scandir(directory, &list, is_yaml, alphasort);
        if (n < 0)
                test_failed("cannot read %s: %m", directory);
        for (int i = 0; i < n; i++) {
                _cleanup_(freep) char *text = NULL, *exact = NULL, *name = NULL;
                size_t size;

                snprintf(path, sizeof(path), "%s/%s", directory, list[i]->d_name);
                text = read_whole(path, &size);
                exact = malloc(MAX(size, (size_t) 1));  /* so that the sanitizer sees whoever reads past the end */
                ASSERT(exact);
                memcpy(exact, text, size);
                name = strndup(list[i]->d_name, strlen(list[i]->d_name) - strlen(".yaml"));
                visit(path, name, exact, size, userdata);
                free(list[i]);
        }
        free(list);
        return (size_t) n;
}

static void check_one(const char *path, const char *name, const char *text, size_t size, void *userdata) {
        corpus_parse_t parse = *(corpus_parse_t *) userdata;
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        _cleanup_(freep) char *found = NULL, *expected = NULL;
        const char *update = getenv("SCXD_TEST_UPDATE"), *file = strrchr(path, '/') + 1;
        char other[4096];
        size_t n;
        int r;

        r = parse(file, text, size, name, &d);
        if (r != (d.n_items > 0 ? -EINVAL : 0))
                test_failed("%s: parsing returned %d with %zu diagnostics", path, r, d.n_items);
        found = diagnostics_format(&d);
        ASSERT(found);

        if (update) {
                FILE *f;

                snprintf(other, sizeof(other), "%s/%s.expected", update, name);
                f = fopen(other, "we");
                ASSERT(f);
                fprintf(f, "%s%s", found, found[0] ? "\n" : "");
                ASSERT_EQ(fclose(f), 0);
                return;
        }
        snprintf(other, sizeof(other), "%.*s.expected", (int) (strlen(path) - strlen(".yaml")), path);
        expected = read_whole(other, &n);
        if (n > 0 && expected[n - 1] == '\n')
                expected[n - 1] = '\0';
        if (!streq(found, expected))
                test_failed("%s: found\n%s\nexpected\n%s", path, found, expected);
}

size_t corpus_check(const char *directory, corpus_parse_t parse) {
        return corpus_visit(directory, check_one, &parse);
}
