/* SPDX-License-Identifier: GPL-2.0-only */
#include "catalog.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "test.h"

/* A scratch directory with the three places in which files are looked for: high (etc), middle (run), low (usr). */
static char scratch[] = "/tmp/scxd-test-catalog.XXXXXX";

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

static char *at(const char *format, va_list ap) {
        char *relative = NULL, *path = NULL;

        ASSERT(vasprintf(&relative, format, ap) >= 0);
        ASSERT(asprintf(&path, "%s/%s", scratch, relative) >= 0);
        free(relative);
        for (char *p = path + strlen(scratch) + 1; (p = strchr(p, '/')); p++) { /* the directories on the way */
                *p = '\0';
                if (mkdir(path, 0755) < 0)
                        ASSERT_EQ(errno, EEXIST);
                *p = '/';
        }
        return path;
}

static void _printf_(2, 3) put(const char *text, const char *format, ...) {
        _cleanup_(freep) char *path = NULL;
        va_list ap;
        FILE *f;

        va_start(ap, format);
        path = at(format, ap);
        va_end(ap);
        f = fopen(path, "we");
        if (!f)
                test_failed("cannot write %s: %m", path);
        fputs(text, f);
        ASSERT_EQ(fclose(f), 0);
}

static void _printf_(2, 3) put_link(const char *target, const char *format, ...) {
        _cleanup_(freep) char *path = NULL;
        va_list ap;

        va_start(ap, format);
        path = at(format, ap);
        va_end(ap);
        ASSERT_EQ(symlink(target, path), 0);
}

static void clear(void) {
        (void) nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        ASSERT_EQ(mkdir(scratch, 0755), 0);
}

static void put_profile(const char *place, const char *name, const char *schedulers) {
        char text[512];

        snprintf(text, sizeof(text), "name: %s\ndescription: from %s\nschedulers: %s\n", name, place, schedulers);
        put(text, "%s/profiles/%s.yaml", place, name);
}

static void put_scheduler(const char *place, const char *name) {
        char text[512];

        snprintf(text, sizeof(text),
                 "name: %s\nkind: bpf\nobject: %s.bpf.o\ndescription: from %s\n"
                 "knobs:\n  slice_us: {type: u64, min: 100, max: 20000, default: 2000, set: live}\n  depth: {type: u32, set: load}\n",
                 name, name, place);
        put(text, "%s/schedulers/%s.yaml", place, name);
}

/* What is said, without the scratch directory's name. */
static char *said(const Diagnostics *d) {
        char *text = diagnostics_format(d);
        size_t n = strlen(scratch) + 1;

        ASSERT(text);
        for (char *p; (p = strstr(text, scratch));)
                memmove(p, p + n, strlen(p + n) + 1);
        return text;
}

static int read_catalog(Catalog **ret, Diagnostics *d) {
        char high[64], middle[64], low[64];
        const char *config[] = { high, middle, low, NULL };
        CatalogPaths paths = { .config = config, .object_directory = "/objects" };

        snprintf(high, sizeof(high), "%s/etc", scratch);
        snprintf(middle, sizeof(middle), "%s/run", scratch);
        snprintf(low, sizeof(low), "%s/usr", scratch);
        return catalog_read(&paths, ret, d);
}

/* Reads and links what is in the scratch directory; checks what is said. */
static Catalog *expect(const char *expected) {
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        _cleanup_(freep) char *text = NULL;
        Catalog *c = NULL;

        ASSERT_OK(read_catalog(&c, &d));
        ASSERT_OK(catalog_link(c, &d));
        text = said(&d);
        ASSERT_STREQ(text, expected);
        return c;
}

static void test_names(void) {
        static const char *const good[] = { "a", "gaming", "a-b_c9", "scx_lavd",
                "a23456789012345678901234567890123456789012345678901234567890123" };
        static const char *const bad[] = { "", "9a", "-a", "_a", "A", "a.b", "a b", "ä", "a/b", "eevdf", "auto", "none",
                "a234567890123456789012345678901234567890123456789012345678901234" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                ASSERT(catalog_name_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                ASSERT(!catalog_name_is_valid(bad[i]));
}

static void test_empty(void) {
        _cleanup_(catalog_unrefp) Catalog *c = NULL, *d = NULL;

        clear();
        c = expect("");
        ASSERT_EQ(catalog_n_profiles(c), 0);
        ASSERT_EQ(catalog_n_schedulers(c), 0);
        ASSERT(!catalog_profile(c, 0));
        ASSERT(!catalog_scheduler(c, 0));
        ASSERT(!catalog_find_profile(c, "gaming"));
        d = catalog_ref(c);
        ASSERT(d == c);
        ASSERT(!catalog_unref(NULL));
}

static void test_precedence(void) {
        _cleanup_(catalog_unrefp) Catalog *c = NULL;

        clear();
        put_profile("usr", "low", "[]");
        put_profile("usr", "both", "[]");
        put_profile("etc", "both", "[one]");
        put_profile("run", "middle", "[one]");
        put_profile("usr", "middle", "[]");
        put_profile("usr", "all", "[]");
        put_profile("run", "all", "[]");
        put_profile("etc", "all", "[]");
        put_profile("usr", "masked-empty", "[]");
        put("", "etc/profiles/masked-empty.yaml");
        put_profile("usr", "masked-link", "[]");
        put_profile("run", "masked-link", "[]");
        put_link("/dev/null", "etc/profiles/masked-link.yaml");
        put("schedulers: [nobody]\n", "etc/profiles/masked-link.yaml.d/x.yaml");        /* goes with it */
        put_profile("etc", "high-over-mask", "[]");
        put("", "run/profiles/high-over-mask.yaml");
        put_scheduler("usr", "one");
        put_scheduler("etc", "one");
        put_link("both.yaml", "usr/profiles/alias.txt");
        put("not yaml at all: [", "usr/profiles/README");
        put("not yaml at all: [", "usr/profiles/.hidden.yaml");
        put("not yaml at all: [", "usr/profiles/backup.yaml~");
        c = expect("");

        ASSERT_EQ(catalog_n_profiles(c), 5);
        ASSERT_STREQ(catalog_profile(c, 0)->name, "all");
        ASSERT_STREQ(catalog_profile(c, 0)->description, "from etc");
        ASSERT_STREQ(catalog_profile(c, 1)->name, "both");
        ASSERT_STREQ(catalog_profile(c, 1)->description, "from etc");
        ASSERT_STREQ(catalog_profile(c, 2)->name, "high-over-mask");
        ASSERT_STREQ(catalog_profile(c, 3)->name, "low");
        ASSERT_STREQ(catalog_profile(c, 4)->name, "middle");
        ASSERT_STREQ(catalog_profile(c, 4)->description, "from run");
        ASSERT(!catalog_find_profile(c, "masked-empty"));
        ASSERT(!catalog_find_profile(c, "masked-link"));
        ASSERT_EQ(catalog_n_schedulers(c), 1);
        ASSERT_STREQ(catalog_find_scheduler(c, "one")->description, "from etc");
        ASSERT_STREQ(catalog_find_scheduler(c, "one")->object_path, "/objects/one.bpf.o");
}

static void test_masked_scheduler(void) {
        _cleanup_(catalog_unrefp) Catalog *c = NULL;
        const Scheduler *s;

        clear();
        put_scheduler("usr", "one");
        put_scheduler("usr", "two");
        put_link("/dev/null", "etc/schedulers/one.yaml");
        put_profile("usr", "chain", "[{one: {slice_us: 5}}, two]");
        c = expect("");
        s = catalog_find_scheduler(c, "one");
        ASSERT(s && s->unread);
        ASSERT(startswith(s->problem, "masked by /tmp/") && endswith(s->problem, "/etc/schedulers/one.yaml"));
        ASSERT_EQ(catalog_find_profile(c, "chain")->n_candidates, 2);
        ASSERT_OK(catalog_bind(c, 0, -ENOENT, "", NULL, &(Diagnostics) { 0 }));
        ASSERT(startswith(s->problem, "masked by"));
}

#define RULE "expected 1 to 63 of a-z, 0-9, '_' and '-', the first a letter, and not eevdf, auto or none"

static void test_bad_files(void) {
        _cleanup_(catalog_unrefp) Catalog *c = NULL;
        _cleanup_(freep) char *large = malloc(CATALOG_FILE_SIZE_MAX + 2), *path = NULL;

        clear();
        put_profile("usr", "broken", "[]");
        put("name: broken\n", "etc/profiles/broken.yaml");
        put_profile("usr", "comment", "[]");
        put("# nothing\n", "etc/profiles/comment.yaml");
        put("x", "etc/profiles/dir.yaml/x");
        put_profile("usr", "dir", "[]");
        put_link("nowhere", "etc/profiles/dangling.yaml");
        put_link("loop.yaml", "etc/profiles/loop.yaml");
        ASSERT(asprintf(&path, "%s/etc/profiles/fifo.yaml", scratch) >= 0);
        ASSERT_EQ(mkfifo(path, 0600), 0);
        put_link("/dev/zero", "etc/profiles/zero.yaml");
        memset(large, '#', CATALOG_FILE_SIZE_MAX + 1);
        large[CATALOG_FILE_SIZE_MAX + 1] = '\0';
        put(large, "etc/profiles/large.yaml");
        large[CATALOG_FILE_SIZE_MAX] = '\0';
        memcpy(large, "name: full\ndescription: x\nschedulers: []\n", 41);
        put(large, "etc/profiles/full.yaml");
        put_profile("etc", "Upper", "[]");
        put_profile("etc", "eevdf", "[]");
        put("", "etc/profiles/.yaml");
        put("", "etc/profiles/a b.yaml.d/x.yaml");
        put_profile("usr", "good", "[]");
        c = expect("etc/profiles/Upper.yaml: found file name 'Upper', " RULE "\n"
                   "etc/profiles/a b.yaml.d: found file name 'a b', " RULE "\n"
                   "etc/profiles/broken.yaml:1:1: found no key 'description', expected it here\n"
                   "etc/profiles/broken.yaml:1:1: found no key 'schedulers', expected it here\n"
                   "etc/profiles/comment.yaml: found no keys, expected a profile\n"
                   "etc/profiles/dangling.yaml: found a symbolic link that leads nowhere, expected a file\n"
                   "etc/profiles/dir.yaml: found a directory, expected a file\n"
                   "etc/profiles/eevdf.yaml: found file name 'eevdf', " RULE "\n"
                   "etc/profiles/fifo.yaml: found a named pipe, expected a file\n"
                   "etc/profiles/large.yaml: found more than 262144 bytes, expected at most that\n"
                   "etc/profiles/loop.yaml: cannot be read: Too many levels of symbolic links\n"
                   "etc/profiles/zero.yaml: found a device, expected a file");
        /* A bad file does not uncover the one that it replaces. */
        ASSERT_EQ(catalog_n_profiles(c), 2);
        ASSERT_STREQ(catalog_profile(c, 0)->name, "full");
        ASSERT_STREQ(catalog_profile(c, 1)->name, "good");
}

static void test_bad_directories(void) {
        _cleanup_(catalog_unrefp) Catalog *c = NULL;

        clear();
        put("", "etc/profiles");
        put_link("nowhere", "etc/schedulers");
        put_link("/nowhere", "run");
        put_profile("usr", "good", "[]");
        put_profile("usr", "limited", "[]");
        put("", "usr/profiles/limited.yaml.d");
        put_profile("usr", "lost", "[]");
        put_link("nowhere", "usr/profiles/lost.yaml.d");
        c = expect("etc/schedulers: found a symbolic link that leads nowhere, expected a directory\n"
                   "etc/profiles: found a file, expected a directory\n"
                   "usr/profiles/limited.yaml.d: found a file, expected a directory\n"
                   "usr/profiles/lost.yaml.d: found a symbolic link that leads nowhere, expected a directory");
        ASSERT_EQ(catalog_n_profiles(c), 1);
        ASSERT_STREQ(catalog_profile(c, 0)->name, "good");
}

static void test_dropins(void) {
        _cleanup_(catalog_unrefp) Catalog *c = NULL;
        const Scheduler *s;
        const Profile *p;

        clear();
        put_scheduler("usr", "one");
        put("knobs: {slice_us: {max: 9000}}\n", "usr/schedulers/one.yaml.d/10-max.yaml");
        put("knobs: {slice_us: {default: 8000}}\n", "etc/schedulers/one.yaml.d/20-default.yaml");
        put("knobs: {slice_us: {default: 7000}}\n", "run/schedulers/one.yaml.d/30-default.yaml");
        put("description: replaced\n", "usr/schedulers/one.yaml.d/40-text.yaml");
        put("description: by this\n", "run/schedulers/one.yaml.d/40-text.yaml");
        put("description: masked\n", "usr/schedulers/one.yaml.d/50-text.yaml");
        put_link("/dev/null", "etc/schedulers/one.yaml.d/50-text.yaml");
        put("object: /opt/one.o\n", "etc/schedulers/one.yaml.d/60-object.yaml");
        put("rubbish: [", "etc/schedulers/one.yaml.d/README");
        put("rubbish: [", "etc/schedulers/one.yaml.d/.hidden.yaml");

        put_profile("usr", "bad", "[]");
        put("schedulers: [one]\n", "etc/profiles/bad.yaml.d/10.yaml");
        put("shedulers: []\n", "etc/profiles/bad.yaml.d/20.yaml");
        put("never read: [\n", "etc/profiles/bad.yaml.d/30.yaml");
        put_profile("usr", "extended", "[]");
        put("schedulers: [{one: {slice_us: 9000}}]\nwatchdog: {stall_timeout: 3s}\n", "etc/profiles/extended.yaml.d/x.yaml");
        put_profile("usr", "narrow", "[{one: {slice_us: 9001}}]");      /* good until the drop-in of "one" */
        put("schedulers: []\n", "etc/profiles/ghost.yaml.d/b.yaml");
        put("schedulers: []\n", "usr/profiles/ghost.yaml.d/a.yaml");
        put("x", "usr/profiles/quiet.yaml.d/README");
        put("", "etc/schedulers/phantom.yaml.d/x.yaml");
        c = expect("etc/schedulers/phantom.yaml.d/x.yaml: found a drop-in, but no scheduler 'phantom' is defined, expected one\n"
                   "etc/profiles/bad.yaml.d/20.yaml:1:1: found key 'shedulers', expected one of description, schedulers, fallback, watchdog (did you mean 'schedulers'?)\n"
                   "usr/profiles/ghost.yaml.d/a.yaml: found a drop-in, but no profile 'ghost' is defined, expected one\n"
                   "etc/profiles/ghost.yaml.d/b.yaml: found a drop-in, but no profile 'ghost' is defined, expected one\n"
                   "usr/profiles/narrow.yaml:3:31: found 9001, expected 100 to 9000");

        s = catalog_find_scheduler(c, "one");
        ASSERT_EQ_U64(s->knobs[0].max, 9000);
        ASSERT_EQ_U64(s->knobs[0].def, 7000);
        ASSERT_STREQ(s->description, "by this");
        ASSERT_STREQ(s->object_path, "/opt/one.o");
        ASSERT(endswith(s->object_file, "/60-object.yaml"));
        ASSERT(endswith(s->file, "/usr/schedulers/one.yaml"));

        ASSERT_EQ(catalog_n_profiles(c), 1);
        p = catalog_profile(c, 0);
        ASSERT_STREQ(p->name, "extended");
        ASSERT_STREQ(p->description, "from usr");
        ASSERT_EQ(p->n_candidates, 1);
        ASSERT_EQ_U64(p->candidates[0].settings[0].value, 9000);
        ASSERT_EQ_U64(p->stall_timeout_usec, 3000000);
}

/* A bad manifest costs a profile that one scheduler, and nothing else. */
static void test_bad_scheduler(void) {
        _cleanup_(catalog_unrefp) Catalog *c = NULL;
        const Scheduler *s;

        clear();
        put_scheduler("usr", "good");
        put_scheduler("usr", "hurt");
        put("knobs: {slice_us: {max: 50}}\n", "etc/schedulers/hurt.yaml.d/x.yaml");
        put("name: other\n", "usr/schedulers/wrong.yaml");
        put_profile("usr", "chain", "[{wrong: {any: 1}}, {hurt: {slice_us: 500}}, {good: {slice_us: 500}}]");
        put_profile("usr", "typo", "[godo]");
        put_profile("usr", "unknown", "[good, frobnicate]");
        put("schedulers: [nobody]\n", "etc/profiles/chain2.yaml.d/x.yaml");
        put_profile("usr", "chain2", "[good]");
        c = expect("etc/schedulers/hurt.yaml.d/x.yaml:1:25: found maximum 50, expected at least the minimum 100\n"
                   "usr/schedulers/wrong.yaml:1:1: found no key 'kind', expected it here\n"
                   "usr/schedulers/wrong.yaml:1:1: found no key 'object', expected it here\n"
                   "usr/schedulers/wrong.yaml:1:1: found no key 'description', expected it here\n"
                   "usr/schedulers/wrong.yaml:1:7: found 'other' as name, expected 'wrong', as the file is wrong.yaml\n"
                   "etc/profiles/chain2.yaml.d/x.yaml:1:14: found scheduler 'nobody', expected one that is defined\n"
                   "usr/profiles/typo.yaml:3:14: found scheduler 'godo', expected one that is defined (did you mean 'good'?)\n"
                   "usr/profiles/unknown.yaml:3:20: found scheduler 'frobnicate', expected one that is defined");
        ASSERT_EQ(catalog_n_profiles(c), 1);
        ASSERT_EQ(catalog_profile(c, 0)->n_candidates, 3);
        ASSERT_EQ_U64(catalog_profile(c, 0)->candidates[2].settings[0].value, 500);
        ASSERT_EQ(catalog_n_schedulers(c), 3);
        s = catalog_find_scheduler(c, "hurt");
        ASSERT(s->unread);
        ASSERT(endswith(s->problem, "x.yaml:1:25: found maximum 50, expected at least the minimum 100"));
        ASSERT_STREQ(s->description, "");
        ASSERT_STREQ(s->object_path, "");
        ASSERT_EQ(s->n_knobs, 0);
        ASSERT(!catalog_find_scheduler(c, "good")->problem);
}

static void test_bind(void) {
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        _cleanup_(catalog_unrefp) Catalog *c = NULL;
        _cleanup_(freep) char *text = NULL;
        ObjectInfo object = {
                .n_variables = 2,
                .variables = {
                        { .name = "slice_us", .section = OBJECT_SECTION_DATA, .size = 8, .initial = 2000 },
                        { .name = "depth", .section = OBJECT_SECTION_RODATA, .size = 4, .initial = 7 },
                },
        }, other = object;

        clear();
        put_scheduler("usr", "a");
        put_scheduler("usr", "b");
        put_scheduler("usr", "c");
        put_scheduler("usr", "d");
        put_profile("usr", "p", "[a, b, c, d, {a: {depth: 8}}]");
        ASSERT_OK(read_catalog(&c, &d));

        other.variables[0].size = 4;
        ASSERT_OK(catalog_bind(c, 0, 0, "", &object, &d));
        ASSERT_OK(catalog_bind(c, 1, 0, NULL, &other, &d));
        ASSERT_OK(catalog_bind(c, 2, -ENOENT, "there is no such file", NULL, &d));
        ASSERT_OK(catalog_bind(c, 3, -ENOENT, "", NULL, &d));
        ASSERT_OK(catalog_link(c, &d));
        text = said(&d);
        ASSERT_STREQ(text,
                     "usr/schedulers/b.yaml:6:20: found u64, expected u32, which 'slice_us' is in b.bpf.o\n"
                     "usr/schedulers/c.yaml:3:9: object /objects/c.bpf.o: there is no such file\n"
                     "usr/schedulers/d.yaml:3:9: object /objects/d.bpf.o: No such file or directory");
        ASSERT(!catalog_scheduler(c, 0)->problem);
        ASSERT(!catalog_scheduler(c, 0)->knobs[1].has_default);
        ASSERT_EQ_U64(catalog_scheduler(c, 0)->knobs[1].def, 7);
        ASSERT(endswith(catalog_scheduler(c, 1)->problem, "b.yaml:6:20: found u64, expected u32, which 'slice_us' is in b.bpf.o"));
        ASSERT(endswith(catalog_scheduler(c, 2)->problem, "object /objects/c.bpf.o: there is no such file"));
        ASSERT_EQ(catalog_n_profiles(c), 1);
        ASSERT_EQ(catalog_profile(c, 0)->n_candidates, 5);
}

static void test_many(void) {
        _cleanup_(catalog_unrefp) Catalog *c = NULL, *none = NULL;
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        _cleanup_(freep) char *text = NULL;

        clear();
        for (unsigned i = 0; i < 1000; i++) {
                char name[16];

                snprintf(name, sizeof(name), "p%03u", (i * 7) % 1000);
                put_profile("usr", name, "[]");
        }
        c = expect("");
        ASSERT_EQ(catalog_n_profiles(c), 1000);
        for (unsigned i = 0; i < 1000; i++) {
                char name[16];

                snprintf(name, sizeof(name), "p%03u", i);
                ASSERT_STREQ(catalog_profile(c, i)->name, name);
        }

        for (unsigned i = 0; i <= CATALOG_SCHEDULERS_MAX; i++) {
                char name[16];

                snprintf(name, sizeof(name), "s%04u", i);
                put_scheduler("usr", name);
        }
        ASSERT_EQ(read_catalog(&none, &d), -E2BIG);
        ASSERT(!none);
        text = said(&d);
        ASSERT_STREQ(text, "usr/schedulers/s1024.yaml: found more than 1024 schedulers, expected at most that");

        clear();
        put_profile("usr", "p", "[]");
        for (unsigned i = 0; i <= CATALOG_DROPINS_MAX; i++)
                put("description: x\n", "etc/profiles/p.yaml.d/%03u.yaml", i);
        {
                _cleanup_(catalog_unrefp) Catalog *full = expect("etc/profiles/p.yaml.d: found 257 drop-ins, expected at most 256");

                ASSERT_EQ(catalog_n_profiles(full), 0);
        }
}

static void test_object_path(void) {
        _cleanup_(catalog_unrefp) Catalog *c = NULL;
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        _cleanup_(freep) char *directory = malloc(CATALOG_PATH_MAX), *text = NULL;
        const char *config[] = { scratch, NULL };
        CatalogPaths paths = { .config = config, .object_directory = directory };

        clear();
        put_scheduler(".", "one");
        memset(directory, 'x', CATALOG_PATH_MAX);
        directory[0] = '/';
        directory[CATALOG_PATH_MAX - 10] = '\0';
        ASSERT_OK(catalog_read(&paths, &c, &d));
        text = said(&d);
        ASSERT_STREQ(text, "schedulers/one.yaml:3:9: found a path of 4096 bytes, expected at most 4095");
        ASSERT(catalog_find_scheduler(c, "one")->unread);
}

/* Links all manifests of one folder of the sources into one directory; returns how many. */
static size_t link_manifests(const char *folder) {
        _cleanup_(freep) char *path = NULL;
        struct dirent *de;
        size_t n = 0;
        DIR *dir;

        ASSERT(asprintf(&path, "%s/schedulers/%s", SOURCE_DIR, folder) >= 0);
        dir = opendir(path);
        if (!dir)
                return 0;
        while ((de = readdir(dir))) {
                _cleanup_(freep) char *manifest = NULL;

                if (!endswith(de->d_name, ".yaml"))
                        continue;
                ASSERT(asprintf(&manifest, "%s/%s", path, de->d_name) >= 0);
                put_link(manifest, "usr/schedulers/%s", de->d_name);
                n++;
        }
        closedir(dir);
        return n;
}

/* What we ship must load without a word, and what only the tests use. In the sources the manifests are in several folders. */
static void test_shipped(void) {
        _cleanup_(catalog_unrefp) Catalog *c = NULL;
        struct dirent *de;
        size_t n = 0;
        DIR *dir;

        clear();
        put_link(SOURCE_DIR "/profiles", "usr/profiles");
        dir = opendir(SOURCE_DIR "/schedulers");
        ASSERT(dir);
        while ((de = readdir(dir)))
                if (de->d_name[0] != '.')
                        n += link_manifests(de->d_name);
        closedir(dir);
        ASSERT(n >= 3);

        c = expect("");
        ASSERT_EQ(catalog_n_schedulers(c), n);
        for (size_t i = 0; i < n; i++)
                ASSERT(!catalog_scheduler(c, i)->problem);
        ASSERT(catalog_n_profiles(c) >= 4);
        ASSERT(catalog_find_profile(c, "gaming"));
        ASSERT(catalog_find_profile(c, "desktop"));
        ASSERT(catalog_find_profile(c, "server"));
        ASSERT(catalog_find_profile(c, "balanced"));
        for (size_t i = 0; i < catalog_n_profiles(c); i++)
                ASSERT(catalog_profile(c, i)->n_candidates > 0);
}

int main(void) {
        ASSERT(mkdtemp(scratch));
        alarm(120);     /* a named pipe must not make it wait */
        test_names();
        test_empty();
        test_precedence();
        test_masked_scheduler();
        test_bad_files();
        test_bad_directories();
        test_dropins();
        test_bad_scheduler();
        test_bind();
        test_many();
        test_object_path();
        test_shipped();
        (void) nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        return 0;
}
