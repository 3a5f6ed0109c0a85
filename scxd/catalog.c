/* SPDX-License-Identifier: GPL-2.0-only */
#include "catalog.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define NAME_MAX_LENGTH 63u
#define NAME_RULE "1 to 63 of a-z, 0-9, '_' and '-', the first a letter, and not eevdf, auto or none"

struct Catalog {
        unsigned n_ref;
        Profile **profiles;
        size_t n_profiles;
        Scheduler **schedulers;
        size_t n_schedulers;
};

Catalog *catalog_ref(Catalog *c) {
        c->n_ref++;
        return c;
}

Catalog *catalog_unref(Catalog *c) {
        if (!c || --c->n_ref > 0)
                return NULL;
        for (size_t i = 0; i < c->n_profiles; i++)
                profile_free(c->profiles[i]);
        for (size_t i = 0; i < c->n_schedulers; i++)
                scheduler_free(c->schedulers[i]);
        free(c->profiles);
        free(c->schedulers);
        return mfree(c);
}

int catalog_new(Catalog **ret) {
        Catalog *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->n_ref = 1;
        *ret = c;
        return 0;
}

bool catalog_name_is_valid(const char *name) {
        static const char *const reserved[] = { "eevdf", "auto", "none" };
        size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

        if (n == 0 || n > NAME_MAX_LENGTH || name[n] != '\0' || name[0] < 'a' || name[0] > 'z')
                return false;
        for (size_t i = 0; i < ELEMENTSOF(reserved); i++)
                if (streq(name, reserved[i]))
                        return false;
        return true;
}

/* A file "NAME.yaml" or a directory "NAME.yaml.d" of one of the directories (or a drop-in, whose name is its whole file name). */
typedef struct Entry {
        char *name;
        char *path;
        unsigned priority;      /* 0 is the highest */
        bool is_directory;
} Entry;

typedef struct Entries {
        Entry *items;
        size_t n_items;
} Entries;

static void entries_done(Entries *e) {
        for (size_t i = 0; i < e->n_items; i++) {
                free(e->items[i].name);
                free(e->items[i].path);
        }
        free(e->items);
        *e = (Entries) { 0 };
}

static int entries_add(Entries *e, const char *name, size_t name_length, const char *directory, const char *file,
                       unsigned priority, bool is_directory) {
        _cleanup_(freep) char *copy = strndup(name, name_length), *path = NULL;

        if (!copy || asprintf(&path, "%s/%s", directory, file) < 0)
                return -ENOMEM;
        if ((e->n_items & (e->n_items - 1)) == 0) {     /* full whenever it is a power of two */
                Entry *items = reallocarray(e->items, e->n_items > 0 ? e->n_items * 2 : 1, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                e->items = items;
        }
        e->items[e->n_items++] = (Entry) { TAKE_PTR(copy), TAKE_PTR(path), priority, is_directory };
        return 0;
}

/* By name, files before drop-in directories, the higher priority first. */
static int entry_compare(const void *a, const void *b) {
        const Entry *x = a, *y = b;
        int r = strcmp(x->name, y->name);

        if (r != 0)
                return r;
        if (x->is_directory != y->is_directory)
                return x->is_directory - y->is_directory;
        return (x->priority > y->priority) - (x->priority < y->priority);
}

static void closedirp(DIR **d) {
        if (*d)
                (void) closedir(*d);
}

static int cannot_read(Diagnostics *diagnostics, const char *path, int error, const char *expected) {
        struct stat st;

        if (error == ENOENT && lstat(path, &st) >= 0 && S_ISLNK(st.st_mode))
                return diagnostics_add(diagnostics, path, (Position) { 0 },
                                       "found a symbolic link that leads nowhere, expected a %s", expected);
        return diagnostics_add(diagnostics, path, (Position) { 0 }, "cannot be read: %s", strerror(error));
}

typedef int (*entry_filter_t)(Entries *e, const char *directory, const char *file, unsigned priority);

/* Shows the filter each file of a directory. A directory that is not there is an empty one. Returns -EINVAL with a diagnostic if
 * it cannot be read, -E2BIG with one if it holds too much. */
static int read_directory(const char *path, unsigned priority, entry_filter_t filter, Entries *e, Diagnostics *diagnostics) {
        _cleanup_(closedirp) DIR *d = NULL;
        _cleanup_(closep) int fd = -EBADF;
        struct stat st;
        int r;

        fd = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0) {
                int error = errno;

                if (error == ENOENT && lstat(path, &st) < 0 && errno == ENOENT)
                        return 0;
                if (error == ENOTDIR && stat(path, &st) >= 0)
                        return diagnostics_add(diagnostics, path, (Position) { 0 }, "found a file, expected a directory");
                return cannot_read(diagnostics, path, error, "directory");
        }
        d = fdopendir(fd);
        if (!d)
                return -ENOMEM;
        (void) TAKE_FD(fd);

        for (size_t n = 0;; n++) {
                const struct dirent *de;

                errno = 0;
                de = readdir(d);
                if (!de)
                        return errno == 0 ? 0 : cannot_read(diagnostics, path, errno, "directory");
                if (n >= CATALOG_DIRECTORY_ENTRIES_MAX) {
                        (void) diagnostics_add(diagnostics, path, (Position) { 0 },
                                               "found more than %u files, expected at most that",
                                               CATALOG_DIRECTORY_ENTRIES_MAX);
                        return -E2BIG;
                }
                if (de->d_name[0] == '.')
                        continue;
                r = filter(e, path, de->d_name, priority);
                if (r < 0)
                        return r;
        }
}

static int add_definition(Entries *e, const char *directory, const char *file, unsigned priority) {
        bool is_directory = endswith(file, ".yaml.d");

        if (!is_directory && !endswith(file, ".yaml"))
                return 0;
        return entries_add(e, file, strlen(file) - strlen(is_directory ? ".yaml.d" : ".yaml"), directory, file, priority,
                           is_directory);
}

static int add_dropin(Entries *e, const char *directory, const char *file, unsigned priority) {
        if (!endswith(file, ".yaml"))
                return 0;
        return entries_add(e, file, strlen(file), directory, file, priority, false);
}

/* Reads a whole file; *ret_size is 0 for a mask (an empty file, or /dev/null). Never blocks. -EINVAL with a diagnostic. */
static int read_file(const char *path, char **ret, size_t *ret_size, Diagnostics *diagnostics) {
        _cleanup_(closep) int fd = -EBADF;
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;
        struct stat st;

        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return cannot_read(diagnostics, path, errno, "file");
        if (fstat(fd, &st) < 0)
                return cannot_read(diagnostics, path, errno, "file");
        if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) {
                *ret_size = 0;
                return 0;
        }
        if (!S_ISREG(st.st_mode))
                return diagnostics_add(diagnostics, path, (Position) { 0 }, "found %s, expected a file",
                                       S_ISDIR(st.st_mode) ? "a directory" : S_ISFIFO(st.st_mode) ? "a named pipe" : "a device");

        text = malloc(CATALOG_FILE_SIZE_MAX + 1);
        if (!text)
                return -ENOMEM;
        for (;;) {
                ssize_t n = read(fd, text + size, CATALOG_FILE_SIZE_MAX + 1 - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return cannot_read(diagnostics, path, errno, "file");
                size += (size_t) n;
                if (size > CATALOG_FILE_SIZE_MAX)
                        return diagnostics_add(diagnostics, path, (Position) { 0 },
                                               "found more than %u bytes, expected at most that",
                                               CATALOG_FILE_SIZE_MAX);
                if (n == 0)
                        break;
        }
        *ret = TAKE_PTR(text);
        *ret_size = size;
        return 0;
}

/* What profiles and schedulers have in common, so that both are read by the same code. */
typedef struct Type {
        const char *directory;
        const char *noun;
        size_t max;
        int (*parse)(const char *file, const char *text, size_t size, const char *name, void *base, void **ret,
                     Diagnostics *diagnostics);
        void (*destroy)(void *definition);
        int (*keep)(Catalog *c, const CatalogPaths *paths, void *definition, Diagnostics *diagnostics);
        int (*keep_unread)(Catalog *c, const char *name, const char *file, const char *problem);
} Type;

static int parse_profile(const char *file, const char *text, size_t size, const char *name, void *base, void **ret,
                         Diagnostics *diagnostics) {
        Profile *p = NULL;
        int r = profile_parse(file, text, size, name, base, &p, diagnostics);

        if (r >= 0 && !base)
                *ret = p;
        return r;
}

static int parse_scheduler(const char *file, const char *text, size_t size, const char *name, void *base, void **ret,
                           Diagnostics *diagnostics) {
        Scheduler *s = NULL;
        int r = scheduler_parse(file, text, size, name, base, &s, diagnostics);

        if (r >= 0 && !base)
                *ret = s;
        return r;
}

static void destroy_profile(void *p) {
        profile_free(p);
}

static void destroy_scheduler(void *s) {
        scheduler_free(s);
}

static int append(void ***items, size_t *n, void *item) {
        void **p = reallocarray(*items, *n + 1, sizeof(void *));

        if (!p)
                return -ENOMEM;
        p[(*n)++] = item;
        *items = p;
        return 0;
}

static int keep_profile(Catalog *c, const CatalogPaths *paths, void *definition, Diagnostics *diagnostics) {
        return append((void ***) &c->profiles, &c->n_profiles, definition);
}

static int keep_scheduler(Catalog *c, const CatalogPaths *paths, void *definition, Diagnostics *diagnostics) {
        Scheduler *s = definition;
        int n;

        if (s->object[0] == '/')
                n = asprintf(&s->object_path, "%s", s->object);
        else
                n = asprintf(&s->object_path, "%s/%s", paths->object_directory, s->object);
        if (n < 0) {
                s->object_path = NULL;
                return -ENOMEM;
        }
        if ((size_t) n >= CATALOG_PATH_MAX)
                return diagnostics_add(diagnostics, s->object_file, s->object_position,
                                       "found a path of %d bytes, expected at most %u", n,
                                       CATALOG_PATH_MAX - 1);
        return append((void ***) &c->schedulers, &c->n_schedulers, s);
}

/* A profile that cannot be read is not there, and nothing refers to profiles. */
static int keep_unread_profile(Catalog *c, const char *name, const char *file, const char *problem) {
        return 0;
}

static int keep_unread_scheduler(Catalog *c, const char *name, const char *file, const char *problem) {
        _cleanup_(scheduler_freep) Scheduler *s = NULL;
        int r;

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->unread = true;
        s->name = strdup(name);
        s->file = strdup(file);
        s->problem = strdup(problem);
        s->description = strdup("");
        s->object = strdup("");
        s->object_path = strdup("");
        s->object_file = strdup(file);
        if (!s->name || !s->file || !s->problem || !s->description || !s->object || !s->object_path || !s->object_file)
                return -ENOMEM;
        r = append((void ***) &c->schedulers, &c->n_schedulers, s);
        if (r >= 0)
                (void) TAKE_PTR(s);
        return r;
}

static const Type profile_type = {
        "profiles", "profile", CATALOG_PROFILES_MAX,
        parse_profile, destroy_profile, keep_profile, keep_unread_profile,
};
static const Type scheduler_type = {
        "schedulers", "scheduler", CATALOG_SCHEDULERS_MAX,
        parse_scheduler, destroy_scheduler, keep_scheduler, keep_unread_scheduler,
};

/* All drop-ins of one name, in the order in which they apply. */
static int find_dropins(const Entry *directories, size_t n, Entries *e, Diagnostics *diagnostics) {
        size_t kept = 0;
        int r = 0;

        for (size_t i = 0; i < n; i++) {
                int q = read_directory(directories[i].path, directories[i].priority, add_dropin, e, diagnostics);

                if (q == -ENOMEM || q == -E2BIG)
                        return q;
                if (q < 0)
                        r = q;
        }
        if (e->n_items > 0)
                qsort(e->items, e->n_items, sizeof(Entry), entry_compare);
        for (size_t i = 0; i < e->n_items; i++) {
                if (kept > 0 && streq(e->items[kept - 1].name, e->items[i].name)) {     /* replaced by one of higher priority */
                        free(e->items[i].name);
                        free(e->items[i].path);
                        continue;
                }
                e->items[kept++] = e->items[i];
        }
        e->n_items = kept;
        if (kept > CATALOG_DROPINS_MAX)
                return diagnostics_add(diagnostics, directories[0].path, (Position) { 0 },
                                       "found %zu drop-ins, expected at most %u", kept,
                                       CATALOG_DROPINS_MAX);
        return r;
}

static int apply_dropins(const Type *t, const Entry *directories, size_t n, const char *name, void *definition,
                         Diagnostics *diagnostics) {
        _cleanup_(entries_done) Entries dropins = { 0 };
        int r;

        r = find_dropins(directories, n, &dropins, diagnostics);
        for (size_t i = 0; i < dropins.n_items && r >= 0; i++) {
                _cleanup_(freep) char *text = NULL;
                size_t size = 0;

                r = read_file(dropins.items[i].path, &text, &size, diagnostics);
                if (r >= 0 && size > 0)         /* an empty one only masks others of its name */
                        r = t->parse(dropins.items[i].path, text, size, name, definition, NULL, diagnostics);
        }
        return r;
}

/* Reads one definition with its drop-ins, and keeps it. Its own diagnostics are in *d. */
static int read_definition(const Type *t, Catalog *c, const CatalogPaths *paths, const Entry *file, const Entry *directories,
                           size_t n_directories, Diagnostics *d) {
        _cleanup_(freep) char *text = NULL, *problem = NULL;
        void *definition = NULL;
        size_t size = 0;
        int r;

        r = read_file(file->path, &text, &size, d);
        if (r >= 0 && size == 0) {
                if (asprintf(&problem, "masked by %s", file->path) < 0)
                        return -ENOMEM;
                return t->keep_unread(c, file->name, file->path, problem);
        }
        if (r >= 0)
                r = t->parse(file->path, text, size, file->name, NULL, &definition, d);
        /* Without a limit that the administrator meant to set, better not at all. */
        if (r >= 0)
                r = apply_dropins(t, directories, n_directories, file->name, definition, d);
        if (r >= 0)
                r = t->keep(c, paths, definition, d);
        if (r < 0 && definition)
                t->destroy(definition);
        if (r == -EINVAL) {
                if (d->n_items > 0)
                        problem = diagnostic_format(d->items);
                else
                        problem = strdup("has more problems than can be listed");
                if (!problem)
                        return -ENOMEM;
                return t->keep_unread(c, file->name, file->path, problem);
        }
        return r;
}

/* Hands all of one collection over to another. */
static int move_diagnostics(Diagnostics *to, const Diagnostics *from) {
        for (size_t i = 0; i < from->n_items; i++)
                if (diagnostics_add(to, from->items[i].file, from->items[i].position, "%s", from->items[i].message) == -ENOMEM)
                        return -ENOMEM;
        to->n_dropped += from->n_dropped;
        return 0;
}

/* Drop-ins for something that nobody defines change nothing, so they only get a word. */
static int report_orphans(const Type *t, const Entry *directories, size_t n, Diagnostics *diagnostics) {
        _cleanup_(entries_done) Entries dropins = { 0 };
        int r;

        r = find_dropins(directories, n, &dropins, diagnostics);
        for (size_t i = 0; i < dropins.n_items && (r >= 0 || r == -EINVAL); i++)
                r = diagnostics_add(diagnostics, dropins.items[i].path, (Position) { 0 },
                                    "found a drop-in, but no %s '%s' is defined, expected one",
                                    t->noun, directories[0].name);
        return r == -EINVAL ? 0 : r;
}

static int read_type(const Type *t, Catalog *c, const CatalogPaths *paths, Diagnostics *diagnostics) {
        _cleanup_(entries_done) Entries entries = { 0 };
        size_t n_definitions = 0;
        int r;

        for (unsigned i = 0; paths->config[i]; i++) {
                _cleanup_(freep) char *path = NULL;

                if (asprintf(&path, "%s/%s", paths->config[i], t->directory) < 0)
                        return -ENOMEM;
                r = read_directory(path, i, add_definition, &entries, diagnostics);
                if (r == -ENOMEM || r == -E2BIG)
                        return r;
        }
        if (entries.n_items > 0)
                qsort(entries.items, entries.n_items, sizeof(Entry), entry_compare);

        for (size_t i = 0, end; i < entries.n_items; i = end) {
                _cleanup_(diagnostics_done) Diagnostics own = { 0 };
                const Entry *first = entries.items + i;
                size_t directories;

                for (end = i + 1; end < entries.n_items && streq(entries.items[end].name, first->name); end++)
                        ;
                for (directories = i; directories < end && !entries.items[directories].is_directory; directories++)
                        ;
                if (!catalog_name_is_valid(first->name)) {
                        for (size_t j = i; j < end; j++)
                                if (diagnostics_add(&own, entries.items[j].path, (Position) { 0 },
                                                    "found file name %s, expected " NAME_RULE,
                                                    QUOTE(first->name)) == -ENOMEM)
                                        return -ENOMEM;
                        r = 0;
                } else if (first->is_directory)
                        r = report_orphans(t, first, end - i, &own);
                else {
                        if (++n_definitions > t->max) {
                                (void) diagnostics_add(diagnostics, first->path, (Position) { 0 },
                                                       "found more than %zu %ss, expected at most that",
                                                       t->max, t->noun);
                                return -E2BIG;
                        }
                        r = read_definition(t, c, paths, first, entries.items + directories, end - directories, &own);
                }
                if (move_diagnostics(diagnostics, &own) < 0)
                        return -ENOMEM;
                if (r < 0)
                        return r;
        }
        return 0;
}

int catalog_read(const CatalogPaths *paths, Catalog **ret, Diagnostics *diagnostics) {
        _cleanup_(catalog_unrefp) Catalog *c = NULL;
        int r;

        r = catalog_new(&c);
        if (r < 0)
                return r;
        r = read_type(&scheduler_type, c, paths, diagnostics);
        if (r < 0)
                return r;
        r = read_type(&profile_type, c, paths, diagnostics);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

int catalog_bind(Catalog *c, size_t i, int error, const char *message, const ObjectInfo *object, Diagnostics *diagnostics) {
        _cleanup_(diagnostics_done) Diagnostics own = { 0 };
        Scheduler *s;
        int r;

        assert(i < c->n_schedulers);
        s = c->schedulers[i];
        if (s->problem)
                return 0;

        if (error < 0 || !object)
                r = diagnostics_add(&own, s->object_file, s->object_position, "object %s: %s", s->object_path,
                                    strempty(message)[0] ? message : strerror(error < 0 ? -error : EINVAL));
        else
                r = scheduler_check_object(s, object, &own);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                s->problem = diagnostic_format(own.items);
                if (!s->problem)
                        return -ENOMEM;
                return move_diagnostics(diagnostics, &own);
        }

        for (size_t k = 0; k < s->n_knobs; k++)
                if (!s->knobs[k].has_default)
                        s->knobs[k].def = object_info_find(object, s->knobs[k].name)->initial;
        return 0;
}

static int link_profile(Catalog *c, Profile *p, Diagnostics *diagnostics) {
        const Scheduler *schedulers[CANDIDATES_MAX] = { 0 };
        _cleanup_(freep) const char **names = NULL;
        int r = 0;

        for (size_t i = 0; i < p->n_candidates; i++) {
                const Candidate *candidate = p->candidates + i;
                const char *suggestion;

                schedulers[i] = catalog_find_scheduler(c, candidate->scheduler);
                if (schedulers[i])
                        continue;
                if (!names) {
                        names = calloc(c->n_schedulers + 1, sizeof(*names));
                        if (!names)
                                return -ENOMEM;
                        for (size_t j = 0; j < c->n_schedulers; j++)
                                names[j] = c->schedulers[j]->name;
                }
                suggestion = diagnostic_suggest(candidate->scheduler, names, c->n_schedulers);
                if (suggestion)
                        r = worse(r, diagnostics_add(diagnostics, p->candidates_file, candidate->position,
                                                     "found scheduler '%s', expected one that is defined (did you mean '%s'?)",
                                                     candidate->scheduler, suggestion));
                else
                        r = worse(r, diagnostics_add(diagnostics, p->candidates_file, candidate->position,
                                                     "found scheduler '%s', expected one that is defined", candidate->scheduler));
        }
        if (r == -ENOMEM)
                return r;
        return worse(r, profile_resolve(p, schedulers, diagnostics));
}

int catalog_link(Catalog *c, Diagnostics *diagnostics) {
        size_t kept = 0;
        int r = 0;

        for (size_t i = 0; i < c->n_profiles; i++) {
                int q = r == -ENOMEM ? 0 : link_profile(c, c->profiles[i], diagnostics);

                if (q == -ENOMEM)
                        r = q;
                if (q < 0)
                        profile_free(c->profiles[i]);
                else
                        c->profiles[kept++] = c->profiles[i];
        }
        c->n_profiles = kept;
        return r;
}

size_t catalog_n_profiles(const Catalog *c) {
        return c->n_profiles;
}

const Profile *catalog_profile(const Catalog *c, size_t i) {
        return i < c->n_profiles ? c->profiles[i] : NULL;
}

const Profile *catalog_find_profile(const Catalog *c, const char *name) {
        for (size_t i = 0; i < c->n_profiles; i++)
                if (streq(c->profiles[i]->name, name))
                        return c->profiles[i];
        return NULL;
}

size_t catalog_n_schedulers(const Catalog *c) {
        return c->n_schedulers;
}

const Scheduler *catalog_scheduler(const Catalog *c, size_t i) {
        return i < c->n_schedulers ? c->schedulers[i] : NULL;
}

const Scheduler *catalog_find_scheduler(const Catalog *c, const char *name) {
        for (size_t i = 0; i < c->n_schedulers; i++)
                if (streq(c->schedulers[i]->name, name))
                        return c->schedulers[i];
        return NULL;
}
