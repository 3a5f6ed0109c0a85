/* SPDX-License-Identifier: GPL-2.0-only */
#include "scxctl/check-overlay.h"
#include "test.h"

static void test_kind_of_path(void) {
        static const struct {
                const char *path;
                CheckKind expected;
        } table[] = {
                { "/etc/scxd/profiles/a.yaml", CHECK_PROFILE },
                { "/etc/scxd/schedulers/a.yaml", CHECK_SCHEDULER },
                { "/etc/scxd/profiles/a.yaml.d/b.yaml", CHECK_PROFILE },
                { "/etc/scxd/schedulers/a.yaml.d/b.yaml", CHECK_SCHEDULER },
                { "/src/schedulers/latency/latency.yaml", CHECK_SCHEDULER },
                { "/src/profiles/old/a.yaml", _CHECK_KIND_INVALID },
                { "/home/me/a.yaml", _CHECK_KIND_INVALID },
                { "/a.yaml", _CHECK_KIND_INVALID },
                { "/profiles/a.yaml", CHECK_PROFILE },
                { "a.yaml", _CHECK_KIND_INVALID },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                ASSERT_EQ(check_kind_of_path(table[i].path), table[i].expected);
}

static void test_kind_of_keys(void) {
        static const struct {
                const char *keys[4];
                size_t n;
                CheckKind expected;
        } table[] = {
                { {}, 0, _CHECK_KIND_INVALID },
                { { "name", "description" }, 2, _CHECK_KIND_INVALID },
                { { "name", "schedulers" }, 2, CHECK_PROFILE },
                { { "watchdog" }, 1, CHECK_PROFILE },
                { { "kind" }, 1, CHECK_SCHEDULER },
                { { "knobs", "requires" }, 2, CHECK_SCHEDULER },
                { { "kind", "schedulers" }, 2, _CHECK_KIND_INVALID },
                { { "kind", "object", "schedulers" }, 3, CHECK_SCHEDULER },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                ASSERT_EQ(check_kind_of_keys(table[i].keys, table[i].n), table[i].expected);
}

static void test_replace_text(void) {
        static const struct {
                const char *text, *from, *to, *expected;
        } table[] = {
                { "abc", "x", "y", "abc" },
                { "abc", "", "y", "abc" },
                { "abc", "b", "", "ac" },
                { "b ab b", "b", "bb", "bb abb bb" },
                { "", "b", "c", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(freep) char *t = strdup(table[i].text);

                ASSERT_OK(replace_text(&t, table[i].from, table[i].to));
                ASSERT_STREQ(t, table[i].expected);
        }
}

int main(void) {
        test_kind_of_path();
        test_kind_of_keys();
        test_replace_text();
        return 0;
}
