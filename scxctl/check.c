/* SPDX-License-Identifier: GPL-2.0-only */
#include "scxctl.h"

#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>

#include "catalog.h"
#include "check-overlay.h"
#include "config.h"
#include "loader-inspect.h"

static const char *const installed_directories[] = { "/etc/scxd", "/run/scxd", SCXD_DATA_DIR, NULL };

/* Where a manifest's object is: in --object-dir, beside the manifest if that was named, or installed; the first that exists.
 * Newly allocated; NULL if out of memory. */
static char *find_object(Client *c, const CheckFile *given, const Scheduler *s) {
        _cleanup_(freep) char *file = given ? strdup(given->path) : NULL;
        const char *directories[] = { c->object_dir, file ? dirname(file) : NULL, SCXD_OBJECT_DIR };

        if (given && !file)
                return NULL;
        for (size_t i = 0; s->object[0] != '/' && i < ELEMENTSOF(directories); i++) {
                _cleanup_(freep) char *path = NULL;

                if (!directories[i])
                        continue;
                if (asprintf(&path, "%s/%s", directories[i], s->object) < 0) {
                        path = NULL;
                        return NULL;
                }
                if (access(path, F_OK) == 0)
                        return TAKE_PTR(path);
        }
        return strdup(s->object_path);
}

/* Checks scheduler i against its object, wherever that is. */
static int bind_scheduler(Client *c, const CheckOverlay *overlay, Catalog *catalog, size_t i, Diagnostics *diagnostics) {
        const Scheduler *s = catalog_scheduler(catalog, i);
        _cleanup_(freep) char *path = NULL, *why = NULL;
        _cleanup_(freep) ObjectInfo *object = NULL;
        size_t before = diagnostics->n_items;
        int r, q;

        if (s->problem)
                return 0;
        path = find_object(c, overlay ? check_overlay_find(overlay, s->file) : NULL, s);
        object = malloc(sizeof(*object));
        if (!path || !object)
                return -ENOMEM;
        r = object_inspect(path, object, &why);
        q = catalog_bind(catalog, i, MIN(r, 0), why, r < 0 ? NULL : object, diagnostics);
        /* The catalog knows only where the object would be installed. */
        for (size_t k = before; q >= 0 && k < diagnostics->n_items; k++)
                q = replace_text(&diagnostics->items[k].message, s->object_path, path);
        return q;
}

static int read_catalog(Client *c, const char *const *directories, const CheckOverlay *overlay, Catalog **ret,
                        Diagnostics *diagnostics) {
        const CatalogPaths paths = { .config = directories, .object_directory = c->object_dir ?: SCXD_OBJECT_DIR };
        _cleanup_(catalog_unrefp) Catalog *catalog = NULL;
        int r;

        r = catalog_read(&paths, &catalog, diagnostics);
        for (size_t i = 0; r >= 0 && i < catalog_n_schedulers(catalog); i++)
                r = bind_scheduler(c, overlay, catalog, i, diagnostics);
        if (r >= 0)
                r = catalog_link(catalog, diagnostics);
        /* Beyond the limits the diagnostics say it all. */
        if (r == -E2BIG && diagnostics->n_items > 0)
                return catalog_new(ret);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(catalog);
        return 0;
}

static bool same_diagnostic(const Diagnostic *a, const Diagnostic *b) {
        return streq(a->file, b->file) && a->position.line == b->position.line && a->position.column == b->position.column &&
                streq(a->message, b->message);
}

/* Keeps what is said of the given files, and what they newly break in others: the rest was wrong before. */
static void drop_known(Diagnostics *d, const CheckOverlay *overlay, const Diagnostics *known) {
        size_t kept = 0;

        for (size_t i = 0; i < d->n_items; i++) {
                bool drop = false;

                if (!check_overlay_is_given(overlay, d->items[i].file))
                        for (size_t k = 0; k < known->n_items && !drop; k++)
                                drop = same_diagnostic(d->items + i, known->items + k);
                if (drop) {
                        free(d->items[i].file);
                        free(d->items[i].message);
                } else
                        d->items[kept++] = d->items[i];
        }
        d->n_items = kept;
}

static int check_files(Client *c, const char *const *directories, char **files, size_t n, Catalog **ret, Diagnostics *diagnostics) {
        _cleanup_(diagnostics_done) Diagnostics known = { 0 }, found = { 0 };
        _cleanup_(catalog_unrefp) Catalog *installed = NULL;
        _cleanup_(check_overlay_freep) CheckOverlay *overlay = NULL;
        const char *with_overlay[CONFIG_DIRS_MAX + 2] = { NULL };
        int r;

        r = check_overlay_new(files, n, &overlay, diagnostics);
        if (r < 0)
                return r;
        with_overlay[0] = check_overlay_path(overlay);
        for (size_t i = 0; directories[i]; i++)
                with_overlay[i + 1] = directories[i];

        r = read_catalog(c, directories, NULL, &installed, &known);
        if (r >= 0)
                r = read_catalog(c, with_overlay, overlay, ret, &found);
        if (r >= 0)
                r = check_overlay_translate(overlay, &found);
        if (r < 0)
                return r;
        drop_known(&found, overlay, &known);
        for (size_t i = 0; i < found.n_items; i++)
                if (diagnostics_add(diagnostics, found.items[i].file, found.items[i].position, "%s", found.items[i].message) == -ENOMEM)
                        return -ENOMEM;
        diagnostics->n_dropped += found.n_dropped;
        return 0;
}

static int print_json(Client *c, const Catalog *catalog, const Diagnostics *d) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *problems = NULL, *v = NULL;
        int r;

        r = sd_json_variant_new_array(&problems, NULL, 0);
        for (size_t i = 0; r >= 0 && i < d->n_items; i++) {
                const Diagnostic *p = d->items + i;
                _cleanup_(freep) char *file = text_escape(p->file, TEXT_UTF8);   /* a file's name need not be UTF-8 */

                if (!file)
                        return complain_memory(c);
                r = sd_json_variant_append_arraybo(&problems, SD_JSON_BUILD_PAIR_STRING("file", file),
                                                   SD_JSON_BUILD_PAIR_UNSIGNED("line", p->position.line),
                                                   SD_JSON_BUILD_PAIR_UNSIGNED("column", p->position.column),
                                                   SD_JSON_BUILD_PAIR_STRING("message", p->message));
        }
        if (r >= 0)
                r = sd_json_buildo(&v, SD_JSON_BUILD_PAIR_VARIANT("problems", problems),
                                   SD_JSON_BUILD_PAIR_UNSIGNED("problems_dropped", d->n_dropped),
                                   SD_JSON_BUILD_PAIR_UNSIGNED("profiles", catalog_n_profiles(catalog)),
                                   SD_JSON_BUILD_PAIR_UNSIGNED("schedulers", catalog_n_schedulers(catalog)));
        if (r < 0)
                return complain_memory(c);
        output_json(&c->out, v, c->json == JSON_PRETTY);
        return d->n_items > 0 ? EXIT_FAILED : EXIT_DONE;
}

static int print_text(Client *c, const Catalog *catalog, size_t n_files, const Diagnostics *d) {
        size_t n = d->n_items + d->n_dropped, n_profiles = catalog_n_profiles(catalog), n_schedulers = catalog_n_schedulers(catalog);

        for (size_t i = 0; i < d->n_items; i++) {
                _cleanup_(freep) char *text = diagnostic_format(d->items + i);

                if (!text)
                        return complain_memory(c);
                output_line(&c->out, STYLE_PLAIN, "%s", text);
        }
        if (n > 0 && !c->quiet)
                return complain(c, n == 1 ? "%zu problem" : d->n_dropped > 0 ? "%zu problems, not all of them shown" : "%zu problems", n);
        if (n > 0)
                return EXIT_FAILED;
        if (c->quiet)
                return EXIT_DONE;
        if (n_files > 0)
                output_line(&c->out, STYLE_PLAIN, "%zu file%s checked, no problem", n_files, n_files == 1 ? "" : "s");
        else
                output_line(&c->out, STYLE_PLAIN, "%zu profile%s and %zu scheduler%s checked, no problem", n_profiles,
                            n_profiles == 1 ? "" : "s", n_schedulers, n_schedulers == 1 ? "" : "s");
        return EXIT_DONE;
}

int verb_check(Client *c, int argc, char **argv) {
        const char *const *directories = c->n_config_dirs > 0 ? c->config_dirs : installed_directories;
        _cleanup_(diagnostics_done) Diagnostics diagnostics = { 0 };
        _cleanup_(catalog_unrefp) Catalog *catalog = NULL;
        size_t n_files = (size_t) argc - 1;
        struct stat st;
        int r;

        if (n_files > CHECK_FILES_MAX)
                return complain_usage(c, "check takes at most %u files at a time", CHECK_FILES_MAX);
        for (size_t i = 0; i < c->n_config_dirs; i++)
                if (stat(c->config_dirs[i], &st) < 0 || !S_ISDIR(st.st_mode))
                        return complain(c, "'%s' is no directory", c->config_dirs[i]);
        if (n_files > 0)
                r = check_files(c, directories, argv + 1, n_files, &catalog, &diagnostics);
        else
                r = read_catalog(c, directories, NULL, &catalog, &diagnostics);
        if (r == -ENOMEM)
                return complain_memory(c);
        if (r < 0)
                return complain(c, "cannot check: %s", strerror(-r));
        return c->json != JSON_OFF ? print_json(c, catalog, &diagnostics) : print_text(c, catalog, n_files, &diagnostics);
}
