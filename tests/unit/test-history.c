/* SPDX-License-Identifier: GPL-2.0-only */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "history.h"
#include "test.h"

static char root[] = "/tmp/test-history-XXXXXX";
static char directory[64];

static HistoryEntry *add(History *h, HistoryEvent event, const char *scheduler, ExitKind kind, const char *dump) {
        HistoryEntry *e;

        ASSERT_OK(history_entry_new(event, scheduler, "p", 7, &e));
        e->kind = kind;
        ASSERT_OK(history_entry_set_words(e, "reason", "message", dump));
        history_add(h, e);
        return e;
}

static size_t count_files(size_t *ret_size) {
        DIR *d = opendir(directory);
        size_t n = 0;

        ASSERT(d);
        *ret_size = 0;
        for (struct dirent *de; (de = readdir(d));) {
                struct stat st;

                ASSERT_EQ(fstatat(dirfd(d), de->d_name, &st, 0), 0);
                if (!S_ISREG(st.st_mode))
                        continue;
                n++;
                *ret_size += (size_t) st.st_size;
        }
        closedir(d);
        return n;
}

static void put(const char *name, const char *text) {
        char path[256];
        int fd;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        ASSERT(fd >= 0);
        ASSERT_EQ(write(fd, text, strlen(text)), strlen(text));
        close(fd);
}

static void test_round_trip(void) {
        _cleanup_(history_done) History h = {}, again = {};
        _cleanup_(freep) char *dump = NULL;
        const char *profile = NULL;
        const HistoryEntry *f;
        HistoryEntry *e;
        size_t skipped, size;

        ASSERT_OK(history_open(&h, directory, &skipped));
        ASSERT_EQ(h.n, 0);
        ASSERT(!history_last_exit(&h));
        ASSERT(!history_open_run(&h, NULL));

        e = add(&h, HISTORY_STARTED, "latency", EXIT_KIND_STOPPED, NULL);
        ASSERT_EQ(e->id, 1);
        ASSERT_OK(history_entry_set_why(e, "root asked"));
        ASSERT(history_open_run(&h, NULL) == e);
        ASSERT(!history_last_exit(&h));
        e = add(&h, HISTORY_ENDED, "latency", EXIT_KIND_STALL, "dump 1\n  dump 2\n");
        e->kernel_kind = 1026;
        e->code = UINT64_MAX;
        e->started_usec = 5;
        ASSERT(history_last_exit(&h) == e);
        ASSERT(!history_open_run(&h, NULL));
        ASSERT_OK(history_save(&h));
        ASSERT_OK(history_entry_set_outcome(e, "simple took over"));
        add(&h, HISTORY_STARTED, "simple", EXIT_KIND_STOPPED, NULL);
        add(&h, HISTORY_FAILED, "latency", EXIT_KIND_INIT_FAILED, NULL);
        ASSERT_STREQ(history_open_run(&h, &profile)->scheduler, "simple");      /* a failed start ends nothing */
        ASSERT_STREQ(profile, "p");
        ASSERT_OK(history_entry_new(HISTORY_ADJUSTED, "simple", "other", 8, &e));
        history_add(&h, e);
        ASSERT_STREQ(history_open_run(&h, &profile)->scheduler, "simple");
        ASSERT_STREQ(profile, "other");
        add(&h, HISTORY_ENDED, "simple", EXIT_KIND_STOPPED, NULL);
        ASSERT(!history_open_run(&h, NULL));
        ASSERT_EQ(history_last_exit(&h)->kind, EXIT_KIND_INIT_FAILED);  /* what was asked for is no exit */
        ASSERT_OK(history_save(&h));
        ASSERT_EQ(count_files(&size), 6);

        ASSERT_OK(history_open(&again, directory, &skipped));
        ASSERT_EQ(skipped, 0);
        ASSERT_EQ(again.n, 6);
        ASSERT_EQ(again.next_id, 7);
        ASSERT_STREQ(again.entries[0]->why, "root asked");
        f = history_find(&again, 2);
        ASSERT(f);
        ASSERT(f->announced);
        ASSERT(!f->dirty);
        ASSERT_EQ(f->event, HISTORY_ENDED);
        ASSERT_EQ(f->kind, EXIT_KIND_STALL);
        ASSERT_EQ(f->kernel_kind, 1026);
        ASSERT_EQ_U64(f->code, UINT64_MAX);
        ASSERT_EQ_U64(f->started_usec, 5);
        ASSERT_EQ_U64(f->realtime_usec, 7);
        ASSERT_STREQ(f->outcome, "simple took over");
        ASSERT_STREQ(f->reason, "reason");
        ASSERT(f->has_dump && !f->dump);        /* it stays on disk */
        ASSERT_OK(history_read_dump(&again, f, &dump));
        ASSERT_STREQ(dump, "dump 1\n  dump 2\n");
        ASSERT_EQ(history_read_dump(&again, again.entries[0], &dump), -ENOENT);
        ASSERT(!history_find(&again, 99));

        /* An entry that changes keeps the dump that is only on disk. */
        e = history_find(&again, 2);
        ASSERT_OK(history_entry_set_outcome(e, "changed"));
        ASSERT_OK(history_save(&again));
        dump = mfree(dump);
        ASSERT_OK(history_read_dump(&again, e, &dump));
        ASSERT_STREQ(dump, "dump 1\n  dump 2\n");
}

static void test_text(void) {
        _cleanup_(history_done) History h = {};
        HistoryEntry *e;

        /* What a scheduler says goes to D-Bus, JSON and terminals. */
        ASSERT_OK(history_entry_new(HISTORY_ENDED, "x", NULL, 1, &e));
        ASSERT_OK(history_entry_set_words(e, "\x1b[31mred", "caf\xc3\xa9 \xff\xfe", "a\tb\nc\x01"));
        ASSERT_STREQ(e->reason, "?[31mred");
        ASSERT_STREQ(e->message, "caf\xc3\xa9 ??");
        ASSERT_STREQ(e->dump, "a\tb\nc?");
        ASSERT_STREQ(e->profile, "");
        history_add(&h, e);
}

static void test_bounds(void) {
        _cleanup_(history_done) History h = {}, again = {};
        _cleanup_(freep) char *dump = NULL, *read = NULL;
        size_t size, skipped, in_memory = 0;

        dump = malloc(32768);
        ASSERT(dump);
        memset(dump, '\\', 32767);      /* twice as long in JSON */
        dump[32767] = '\0';
        ASSERT_OK(history_open(&h, directory, &skipped));
        for (unsigned i = 0; i < 3 * HISTORY_MAX; i++) {
                add(&h, HISTORY_ENDED, "a", EXIT_KIND_STALL, i % 2 ? dump : NULL);
                ASSERT_OK(history_save(&h));
        }
        ASSERT(h.n <= HISTORY_MAX);
        ASSERT_EQ(count_files(&size), h.n);
        ASSERT(size <= HISTORY_SIZE_MAX);
        ASSERT(size > HISTORY_SIZE_MAX / 2);
        ASSERT_EQ(h.entries[h.n - 1]->id, 6 + 3 * HISTORY_MAX);
        for (size_t i = 0; i < h.n; i++)
                in_memory += !!h.entries[i]->dump;
        ASSERT_EQ(in_memory, HISTORY_DUMPS_MAX);
        for (size_t i = 0; i < h.n; i++)
                if (h.entries[i]->has_dump) {
                        read = mfree(read);
                        ASSERT_OK(history_read_dump(&h, h.entries[i], &read));
                        ASSERT_STREQ(read, dump);
                }

        ASSERT_OK(history_open(&again, directory, &skipped));
        ASSERT_EQ(again.n, h.n);
}

static void test_corrupt(void) {
        _cleanup_(history_done) History h = {};
        size_t skipped, n, size;

        n = count_files(&size);
        put("00000000000000100000.json", "{");
        put("00000000000000100001.json", "");
        put("00000000000000100002.json", "{\"id\":7}");
        put("99999999999999999999.json", "{}");         /* no number of 64 bits */
        put("readme.txt", "not ours");
        put(".00000000000000000001.json.new", "half of");
        ASSERT_OK(history_open(&h, directory, &skipped));
        ASSERT_EQ(skipped, 3);
        ASSERT_EQ(h.n, n);
        ASSERT_EQ(h.next_id, 100003);   /* never used again */
        add(&h, HISTORY_STARTED, "a", EXIT_KIND_STOPPED, NULL);
        ASSERT_OK(history_save(&h));
        ASSERT_EQ(h.entries[h.n - 1]->id, 100003);
}

static void test_unwritable(void) {
        _cleanup_(history_done) History h = {}, gone = {};
        _cleanup_(freep) char *dump = NULL;
        HistoryEntry *e;
        size_t skipped;

        /* Without a directory it works, in memory, and old dumps are gone. */
        ASSERT_EQ(history_open(&h, "/nonexistent/x", &skipped), -ENOENT);
        for (unsigned i = 0; i < 2 * HISTORY_DUMPS_MAX; i++)
                e = add(&h, HISTORY_ENDED, "a", EXIT_KIND_STALL, "dump");
        ASSERT_OK(history_save(&h));
        ASSERT_OK(history_read_dump(&h, e, &dump));
        ASSERT_EQ(history_read_dump(&h, h.entries[0], &dump), -ENOENT);
        ASSERT(!h.entries[0]->has_dump);

        /* The directory goes away: said once, nothing else is lost. */
        ASSERT_OK(history_open(&gone, directory, &skipped));
        gone.directory[strlen(gone.directory) - 1] = 'X';
        add(&gone, HISTORY_ENDED, "a", EXIT_KIND_STALL, NULL);
        ASSERT_EQ(history_save(&gone), -ENOENT);
        ASSERT_OK(history_save(&gone));
        ASSERT(history_last_exit(&gone));
}

int main(void) {
        ASSERT(mkdtemp(root));
        snprintf(directory, sizeof(directory), "%s/history", root);
        test_round_trip();
        test_text();
        test_bounds();
        test_corrupt();
        test_unwritable();
        for (HistoryEvent e = 0; e < _HISTORY_EVENT_MAX; e++)
                ASSERT_EQ(history_event_from_string(history_event_to_string(e)), e);
        ASSERT(!history_entry_free(NULL));
        return 0;
}
