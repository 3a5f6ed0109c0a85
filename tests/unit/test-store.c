/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <sys/stat.h>

#include "store.h"
#include "test.h"

static char root[] = "/tmp/test-store-XXXXXX";
static char file[64], corrupt[64];

static void put(const char *data, size_t size) {
        _cleanup_(closep) int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        ASSERT(fd >= 0);
        ASSERT_EQ(write(fd, data, size), size);
}

static void test_round_trip(void) {
        _cleanup_(stored_state_done) StoredState in = {}, out = {};

        ASSERT_OK(store_load(root, &out));      /* nothing there yet */
        ASSERT(!out.choice);
        ASSERT_EQ(out.stopped, STOP_NONE);

        in.choice = strdup("gaming");
        ASSERT_OK(store_save(root, &in));
        ASSERT_OK(store_load(root, &out));
        ASSERT_STREQ(out.choice, "gaming");
        ASSERT_EQ(out.stopped, STOP_NONE);

        stored_state_done(&in);
        stored_state_done(&out);
        in.stopped = STOP_SYSRQ;
        in.stopped_by = strdup("root");
        ASSERT_OK(store_save(root, &in));
        ASSERT_OK(store_load(root, &out));
        ASSERT(!out.choice);
        ASSERT_EQ(out.stopped, STOP_SYSRQ);
        ASSERT_STREQ(out.stopped_by, "root");
}

static void test_corrupt(void) {
        static const char *const bad[] = {
                "", "{", "[]", "null", "\"gaming\"", "{\"choice\":7}", "{\"choice\":\"../etc\"}", "{\"choice\":\"\"}",
                "{\"stopped\":\"maybe\"}", "{\"stopped\":true}", "{\"choice\":\"gaming\"",
        };
        static char huge[1 << 20];
        StoredState s = {};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                fprintf(stderr, "%s\n", bad[i]);
                put(bad[i], strlen(bad[i]));
                (void) unlink(corrupt);
                ASSERT_EQ(store_load(root, &s), -EBADMSG);
                ASSERT(!s.choice);
                ASSERT_EQ(access(corrupt, F_OK), 0);    /* set aside, for a person to look at */
                ASSERT_EQ(store_load(root, &s), 0);     /* and out of the way */
        }
        put("{\"choice\":\"gaming\"}\0", 20);
        ASSERT_EQ(store_load(root, &s), -EBADMSG);
        memset(huge, ' ', sizeof(huge));
        put(huge, sizeof(huge));
        ASSERT_EQ(store_load(root, &s), -EBADMSG);

        /* What a later version may add is no reason to lose the choice. */
        put("{\"choice\":\"gaming\",\"later\":[1]}", 31);
        ASSERT_OK(store_load(root, &s));
        ASSERT_STREQ(s.choice, "gaming");
        stored_state_done(&s);
}

static void test_unwritable(void) {
        StoredState s = {};

        ASSERT_EQ(store_save("/nonexistent/directory", &s), -ENOENT);
        ASSERT_EQ(store_load("/nonexistent/directory", &s), 0);
        ASSERT_EQ(store_save("/dev/null", &s), -ENOTDIR);
}

int main(void) {
        ASSERT(mkdtemp(root));
        snprintf(file, sizeof(file), "%s/state.json", root);
        snprintf(corrupt, sizeof(corrupt), "%s/state.json.corrupt", root);
        test_round_trip();
        test_corrupt();
        test_unwritable();
        return 0;
}
