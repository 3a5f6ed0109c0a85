/* SPDX-License-Identifier: GPL-2.0-only */
#include "check-overlay.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "catalog.h"
#include "yaml-tree.h"

struct CheckOverlay {
        char *path;
        CheckFile *files;
        size_t n_files;
        char **directories;     /* made below path, outer before inner */
        size_t n_directories;
};

static const char *const check_kind_table[_CHECK_KIND_MAX] = {
        [CHECK_PROFILE] = "profiles",
        [CHECK_SCHEDULER] = "schedulers",
};

DEFINE_STRING_TABLE(check_kind, CheckKind)

/* Takes the last part off a path, in place, and returns it; "" at the root. */
static char *pop_part(char *path) {
        char *slash = strrchr(path, '/');

        if (!slash)
                return path + strlen(path);
        *slash = '\0';
        return slash + 1;
}

CheckKind check_kind_of_path(const char *path) {
        char copy[PATH_MAX], *part;
        CheckKind kind;

        if (strlen(path) >= sizeof(copy))
                return _CHECK_KIND_INVALID;
        strcpy(copy, path);
        (void) pop_part(copy);
        part = pop_part(copy);
        if (endswith(part, ".yaml.d"))
                part = pop_part(copy);
        kind = check_kind_from_string(part);
        /* Sources have a directory for each scheduler. */
        if (kind < 0 && check_kind_from_string(pop_part(copy)) == CHECK_SCHEDULER)
                kind = CHECK_SCHEDULER;
        return kind;
}

CheckKind check_kind_of_keys(const char *const *keys, size_t n) {
        static const char *const of_profiles[] = { "schedulers", "fallback", "watchdog" };
        static const char *const of_schedulers[] = { "kind", "object", "knobs", "requires" };
        size_t n_profile = 0, n_scheduler = 0;

        for (size_t i = 0; i < n; i++) {
                for (size_t k = 0; k < ELEMENTSOF(of_profiles); k++)
                        n_profile += streq(keys[i], of_profiles[k]);
                for (size_t k = 0; k < ELEMENTSOF(of_schedulers); k++)
                        n_scheduler += streq(keys[i], of_schedulers[k]);
        }
        if (n_profile == n_scheduler)
                return _CHECK_KIND_INVALID;
        return n_profile > n_scheduler ? CHECK_PROFILE : CHECK_SCHEDULER;
}

int replace_text(char **text, const char *from, const char *to) {
        const char *p = *text, *next;
        _cleanup_(freep) char *t = NULL;
        size_t size = 0;
        FILE *f;

        if (!*from || !strstr(*text, from))
                return 0;
        f = open_memstream(&t, &size);
        if (!f)
                return -ENOMEM;
        while ((next = strstr(p, from))) {
                (void) fwrite(p, 1, (size_t) (next - p), f);
                (void) fputs(to, f);
                p = next + strlen(from);
        }
        (void) fputs(p, f);
        if (fclose(f) != 0)
                return -ENOMEM;
        free(*text);
        *text = TAKE_PTR(t);
        return 0;
}

static int no_place(Diagnostics *d, const char *file, const char *format, const char *detail) {
        return diagnostics_add(d, file, (Position) { 0 }, format, detail);
}

/* Reads the keys. Returns the kind, -EINVAL with diagnostics added, or another negative errno. */
static int kind_by_reading(const char *given, const char *path, Diagnostics *d) {
        const YamlSource source = { .file = given, .diagnostics = d };
        _cleanup_(yaml_node_freep) YamlNode *root = NULL;
        _cleanup_(freep) const char **keys = NULL;
        _cleanup_(freep) char *text = NULL;
        _cleanup_(closep) int fd = -EBADF;
        struct stat st;
        CheckKind kind;
        ssize_t n;
        int r;

        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return no_place(d, given, "cannot be read: %s", strerror(errno));
        if (!S_ISREG(st.st_mode) || st.st_size > (off_t) CATALOG_FILE_SIZE_MAX)
                return no_place(d, given, "found %s", S_ISREG(st.st_mode) ? "a file that is too large" : "something that is no file");
        text = malloc((size_t) st.st_size + 1);
        if (!text)
                return -ENOMEM;
        n = read(fd, text, (size_t) st.st_size);
        if (n < 0)
                return no_place(d, given, "cannot be read: %s", strerror(errno));
        r = yaml_load(&source, text, (size_t) n, &root);
        if (r < 0)
                return r;
        keys = calloc((root ? root->n_items : 0) + 1, sizeof(*keys));
        if (!keys)
                return -ENOMEM;
        for (size_t i = 0; root && i < root->n_items; i++)
                keys[i] = strempty(root->items[i].key);
        kind = check_kind_of_keys(keys, root ? root->n_items : 0);
        if (kind < 0)
                return no_place(d, given, "found no telling %s, expected those of a profile (schedulers) or of a scheduler (kind, object)",
                                "keys");
        return (int) kind;
}

/* Makes a directory in the overlay. */
static int make_directory(CheckOverlay *o, const char *path) {
        char **more;

        if (mkdir(path, 0700) < 0)
                return errno == EEXIST ? 0 : -errno;
        more = reallocarray(o->directories, o->n_directories + 1, sizeof(*more));
        if (!more)
                return -ENOMEM;
        o->directories = more;
        o->directories[o->n_directories] = strdup(path);
        return o->directories[o->n_directories] ? (int) o->n_directories++ : -ENOMEM;
}

/* The directory of the overlay that the file belongs to, newly allocated in *ret. */
static int place_directory(CheckOverlay *o, CheckKind kind, const char *path, char **ret) {
        _cleanup_(freep) char *above = strdup(path), *directory = NULL;
        const char *parent;
        int r;

        if (!above)
                return -ENOMEM;
        (void) pop_part(above);
        parent = pop_part(above);
        if (asprintf(&directory, "%s/%s", o->path, check_kind_to_string(kind)) < 0) {
                directory = NULL;
                return -ENOMEM;
        }
        if (endswith(parent, ".yaml.d")) {
                char *inner;

                if (asprintf(&inner, "%s/%s", directory, parent) < 0)
                        return -ENOMEM;
                free(directory);
                directory = inner;
                r = make_directory(o, directory);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(directory);
        return 0;
}

/* Returns -EINVAL with a diagnostic if the file cannot be placed. */
static int place_file(CheckOverlay *o, const char *given, Diagnostics *d) {
        _cleanup_(freep) char *path = NULL, *link = NULL, *directory = NULL, *copy = strdup(given);
        const char *name;
        int kind, r;

        if (!copy)
                return -ENOMEM;
        name = basename(copy);          /* as given, for what a link is named counts */
        if (!endswith(name, ".yaml") || name[0] == '.')
                return no_place(d, given, "found file name %s, expected one that ends in .yaml", QUOTE(name));
        path = realpath(given, NULL);
        if (!path)
                return errno == ENOMEM ? -ENOMEM : no_place(d, given, "cannot be read: %s", strerror(errno));
        kind = check_kind_of_path(path);
        if (kind < 0)
                kind = kind_by_reading(given, path, d);
        if (kind < 0)
                return kind;
        r = place_directory(o, (CheckKind) kind, path, &directory);
        if (r < 0)
                return r;
        if (asprintf(&link, "%s/%s", directory, name) < 0) {
                link = NULL;
                return -ENOMEM;
        }
        if (symlink(path, link) < 0) {
                if (errno == EEXIST)
                        return no_place(d, given, "found a second file named %s, expected one", QUOTE(name));
                return -errno;
        }
        o->files[o->n_files++] = (CheckFile) { .given = given, .path = TAKE_PTR(path), .link = TAKE_PTR(link) };
        return 0;
}

static int overlay_make(CheckOverlay *o) {
        const char *tmp = getenv("TMPDIR");

        if (asprintf(&o->path, "%s/scxctl-check-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp") < 0) {
                o->path = NULL;
                return -ENOMEM;
        }
        if (!mkdtemp(o->path)) {
                int r = -errno;

                o->path = mfree(o->path);
                return r;
        }
        for (CheckKind k = 0; k < _CHECK_KIND_MAX; k++) {
                _cleanup_(freep) char *path = NULL;
                int r;

                if (asprintf(&path, "%s/%s", o->path, check_kind_to_string(k)) < 0) {
                        path = NULL;
                        return -ENOMEM;
                }
                r = make_directory(o, path);
                if (r < 0)
                        return r;
        }
        return 0;
}

int check_overlay_new(char **files, size_t n, CheckOverlay **ret, Diagnostics *diagnostics) {
        _cleanup_(check_overlay_freep) CheckOverlay *o = NULL;
        int r;

        o = calloc(1, sizeof(*o));
        if (!o)
                return -ENOMEM;
        o->files = calloc(n + 1, sizeof(*o->files));
        if (!o->files)
                return -ENOMEM;
        r = overlay_make(o);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = place_file(o, files[i], diagnostics);
                if (r == -EINVAL)
                        r = 0;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(o);
        return 0;
}

CheckOverlay *check_overlay_free(CheckOverlay *o) {
        if (!o)
                return NULL;
        for (size_t i = 0; i < o->n_files; i++) {
                (void) unlink(o->files[i].link);
                free(o->files[i].link);
                free(o->files[i].path);
        }
        while (o->n_directories > 0) {
                char *directory = o->directories[--o->n_directories];

                (void) rmdir(directory);
                free(directory);
        }
        if (o->path)
                (void) rmdir(o->path);
        free(o->directories);
        free(o->files);
        free(o->path);
        return mfree(o);
}

const char *check_overlay_path(const CheckOverlay *o) {
        return o->path;
}

const CheckFile *check_overlay_find(const CheckOverlay *o, const char *link) {
        for (size_t i = 0; i < o->n_files; i++)
                if (streq(o->files[i].link, link))
                        return o->files + i;
        return NULL;
}

bool check_overlay_is_given(const CheckOverlay *o, const char *path) {
        for (size_t i = 0; i < o->n_files; i++)
                if (streq(o->files[i].given, path))
                        return true;
        return false;
}

int check_overlay_translate(const CheckOverlay *o, Diagnostics *d) {
        for (size_t i = 0; i < d->n_items; i++)
                for (size_t k = 0; k < o->n_files; k++) {
                        int r;

                        if (streq(d->items[i].file, o->files[k].link)) {
                                r = free_and_strdup(&d->items[i].file, o->files[k].given);
                                if (r < 0)
                                        return r;
                        }
                        r = replace_text(&d->items[i].message, o->files[k].link, o->files[k].given);
                        if (r < 0)
                                return r;
                }
        return 0;
}
