/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-json.h>

#include "quarantine.h"
#include "store.h"

/* 128 schedulers of 128 failures of 20 digits, and their names. */
#define FILE_SIZE_MAX (1024 * 1024)
#define REASON_MAX 512u

static inline void variant_unrefp(sd_json_variant **v) {
        sd_json_variant_unref(*v);
}

void object_identity_read(const char *path, ObjectIdentity *ret) {
        struct stat st;

        *ret = (ObjectIdentity) {};
        if (!path || stat(path, &st) < 0)
                return;
        *ret = (ObjectIdentity) {
                .size = (uint64_t) st.st_size,
                .mtime_nsec = (uint64_t) st.st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t) st.st_mtim.tv_nsec,
                .inode = st.st_ino,
        };
}

static void entry_done(QuarantineEntry *e) {
        free(e->scheduler);
        free(e->object);
        free(e->reason);
}

void quarantine_done(Quarantine *q) {
        for (size_t i = 0; i < q->n; i++)
                entry_done(&q->entries[i]);
        free(q->entries);
        free(q->kernel);
        *q = (Quarantine) {};
}

/* --- the file --- */

static int get_string(sd_json_variant *v, const char *key, char **ret) {
        sd_json_variant *w = sd_json_variant_by_key(v, key);

        if (!w || !sd_json_variant_is_string(w))
                return -EBADMSG;
        *ret = strdup(sd_json_variant_string(w));
        return *ret ? 0 : -ENOMEM;
}

static int get_number(sd_json_variant *v, const char *key, uint64_t *ret) {
        sd_json_variant *w = sd_json_variant_by_key(v, key);

        if (!w || !sd_json_variant_is_unsigned(w))
                return -EBADMSG;
        *ret = sd_json_variant_unsigned(w);
        return 0;
}

static int read_entry(sd_json_variant *v, bool same_boot, QuarantineEntry *e) {
        sd_json_variant *flag = sd_json_variant_by_key(v, "quarantined"), *failures = sd_json_variant_by_key(v, "failures");
        _cleanup_(freep) char *kind = NULL;
        int r;

        if (!sd_json_variant_is_object(v) || !flag || !sd_json_variant_is_boolean(flag) || !failures ||
            !sd_json_variant_is_array(failures) || sd_json_variant_elements(failures) > QUARANTINE_FAILURES_MAX)
                return -EBADMSG;
        if ((r = get_string(v, "scheduler", &e->scheduler)) < 0 || (r = get_string(v, "object", &e->object)) < 0 ||
            (r = get_string(v, "reason", &e->reason)) < 0 || (r = get_string(v, "kind", &kind)) < 0 ||
            (r = get_number(v, "size", &e->identity.size)) < 0 || (r = get_number(v, "mtime_nsec", &e->identity.mtime_nsec)) < 0 ||
            (r = get_number(v, "inode", &e->identity.inode)) < 0 || (r = get_number(v, "since", &e->since_realtime)) < 0)
                return r;
        if (!catalog_name_is_valid(e->scheduler))
                return -EBADMSG;
        e->quarantined = sd_json_variant_boolean(flag);
        e->kind = exit_kind_from_string(kind);
        if ((int) e->kind < 0)
                e->kind = EXIT_KIND_UNKNOWN;    /* of a later version */
        for (size_t i = 0; same_boot && i < sd_json_variant_elements(failures); i++) {
                sd_json_variant *w = sd_json_variant_by_index(failures, i);

                if (!sd_json_variant_is_unsigned(w))
                        return -EBADMSG;
                e->failures[e->n_failures++] = sd_json_variant_unsigned(w);
        }
        return 0;
}

static int parse(const char *text, const char *boot, Quarantine *ret) {
        _cleanup_(variant_unrefp) sd_json_variant *v = NULL;
        _cleanup_(quarantine_done) Quarantine q = {};
        _cleanup_(freep) char *file_boot = NULL;
        sd_json_variant *list;
        bool same_boot;
        int r;

        if (sd_json_parse(text, 0, &v, NULL, NULL) < 0 || !sd_json_variant_is_object(v))
                return -EBADMSG;
        if ((r = get_string(v, "kernel", &q.kernel)) < 0 || (r = get_string(v, "boot", &file_boot)) < 0)
                return r;
        same_boot = streq(file_boot, boot);
        list = sd_json_variant_by_key(v, "entries");
        if (!list || !sd_json_variant_is_array(list) || sd_json_variant_elements(list) > QUARANTINE_ENTRIES_MAX)
                return -EBADMSG;
        q.entries = calloc(MAX(sd_json_variant_elements(list), (size_t) 1), sizeof(QuarantineEntry));
        if (!q.entries)
                return -ENOMEM;
        for (size_t i = 0; i < sd_json_variant_elements(list); i++) {
                r = read_entry(sd_json_variant_by_index(list, i), same_boot, &q.entries[q.n++]);
                if (r < 0)
                        return r;
        }
        *ret = q;
        q = (Quarantine) {};
        return 0;
}

int quarantine_load(const char *directory, const char *boot, Quarantine *ret) {
        _cleanup_(freep) char *text = NULL;
        int r;

        *ret = (Quarantine) {};
        r = store_read_file(directory, QUARANTINE_FILE, FILE_SIZE_MAX, &text);
        if (r == -ENOENT)
                return 0;
        if (r >= 0)
                r = parse(text, boot, ret);
        if (r == -EBADMSG)
                store_set_aside(directory, QUARANTINE_FILE);
        return r;
}

static int entry_to_json(const QuarantineEntry *e, sd_json_variant **ret) {
        _cleanup_(variant_unrefp) sd_json_variant *failures = NULL;
        int r;

        r = sd_json_variant_new_array(&failures, NULL, 0);
        for (size_t i = 0; r >= 0 && i < e->n_failures; i++) {
                _cleanup_(variant_unrefp) sd_json_variant *w = NULL;

                r = sd_json_variant_new_unsigned(&w, e->failures[i]);
                if (r >= 0)
                        r = sd_json_variant_append_array(&failures, w);
        }
        if (r < 0)
                return r;
        return sd_json_buildo(ret,
                              SD_JSON_BUILD_PAIR_STRING("scheduler", e->scheduler),
                              SD_JSON_BUILD_PAIR_STRING("object", e->object),
                              SD_JSON_BUILD_PAIR_UNSIGNED("size", e->identity.size),
                              SD_JSON_BUILD_PAIR_UNSIGNED("mtime_nsec", e->identity.mtime_nsec),
                              SD_JSON_BUILD_PAIR_UNSIGNED("inode", e->identity.inode),
                              SD_JSON_BUILD_PAIR_BOOLEAN("quarantined", e->quarantined),
                              SD_JSON_BUILD_PAIR_UNSIGNED("since", e->since_realtime),
                              SD_JSON_BUILD_PAIR_STRING("kind", exit_kind_to_string(e->kind)),
                              SD_JSON_BUILD_PAIR_STRING("reason", e->reason),
                              SD_JSON_BUILD_PAIR_VARIANT("failures", failures));
}

int quarantine_save(const char *directory, const char *boot, Quarantine *q) {
        _cleanup_(variant_unrefp) sd_json_variant *v = NULL, *list = NULL;
        _cleanup_(freep) char *text = NULL;
        int r;

        r = sd_json_variant_new_array(&list, NULL, 0);
        for (size_t i = 0; r >= 0 && i < q->n; i++) {
                _cleanup_(variant_unrefp) sd_json_variant *w = NULL;

                r = entry_to_json(&q->entries[i], &w);
                if (r >= 0)
                        r = sd_json_variant_append_array(&list, w);
        }
        if (r >= 0)
                r = sd_json_buildo(&v,
                                   SD_JSON_BUILD_PAIR_INTEGER("version", 1),
                                   SD_JSON_BUILD_PAIR_STRING("kernel", strempty(q->kernel)),
                                   SD_JSON_BUILD_PAIR_STRING("boot", boot),
                                   SD_JSON_BUILD_PAIR_VARIANT("entries", list));
        if (r >= 0)
                r = sd_json_variant_format(v, SD_JSON_FORMAT_NEWLINE, &text);
        if (r >= 0)
                r = store_write_file(directory, QUARANTINE_FILE, text, true);
        q->dirty = false;       /* also on failure: it is said once, and tried again with the next change */
        return r;
}

/* --- what is held against whom --- */

QuarantineEntry *quarantine_find(const Quarantine *q, const char *scheduler, const char *object) {
        for (size_t i = 0; i < q->n; i++)
                if (streq(q->entries[i].scheduler, scheduler) && streq(q->entries[i].object, strempty(object)))
                        return &q->entries[i];
        return NULL;
}

const QuarantineEntry *quarantine_holds(const Quarantine *q, const char *scheduler, const char *object) {
        const QuarantineEntry *e = quarantine_find(q, scheduler, object);

        return e && e->quarantined ? e : NULL;
}

static void forget(Quarantine *q, size_t i) {
        entry_done(&q->entries[i]);
        memmove(&q->entries[i], &q->entries[i + 1], (q->n - i - 1) * sizeof(*q->entries));
        q->n--;
        q->dirty = true;
}

static int make_room(Quarantine *q) {
        QuarantineEntry *p;

        for (size_t i = 0; q->n >= QUARANTINE_ENTRIES_MAX && i < q->n; i++)
                if (!q->entries[i].quarantined)
                        forget(q, i);
        if (q->n >= QUARANTINE_ENTRIES_MAX)
                return -EXFULL;
        p = reallocarray(q->entries, q->n + 1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        q->entries = p;
        return 0;
}

int quarantine_note_failure(Quarantine *q, const char *scheduler, const char *object, const ObjectIdentity *identity, ExitKind kind,
                            uint64_t monotonic_usec) {
        QuarantineEntry *e = quarantine_find(q, scheduler, object);
        int r;

        if (!e) {
                QuarantineEntry new = { .identity = *identity };

                r = make_room(q);
                if (r < 0)
                        return r;
                new.scheduler = strdup(scheduler);
                new.object = strdup(strempty(object));
                new.reason = strdup("");
                if (!new.scheduler || !new.object || !new.reason) {
                        entry_done(&new);
                        return -ENOMEM;
                }
                e = &q->entries[q->n++];
                *e = new;
        } else if (!object_identity_equal(&e->identity, identity)) {
                /* Another build: what the one before did is not its fault. */
                e->identity = *identity;
                e->n_failures = 0;
                e->quarantined = false;
        }
        if (e->n_failures == QUARANTINE_FAILURES_MAX) {
                memmove(e->failures, e->failures + 1, (QUARANTINE_FAILURES_MAX - 1) * sizeof(*e->failures));
                e->n_failures--;
        }
        e->failures[e->n_failures++] = monotonic_usec;
        e->kind = kind;
        q->dirty = true;
        return 0;
}

int quarantine_put(Quarantine *q, QuarantineEntry *e, uint64_t realtime_usec, const char *reason) {
        char *line = strndup(reason, MIN(strcspn(reason, "\n"), (size_t) REASON_MAX));

        if (!line)
                return -ENOMEM;
        free(e->reason);
        e->reason = line;
        e->quarantined = true;
        e->since_realtime = realtime_usec;
        q->dirty = true;
        return 0;
}

void quarantine_refresh(Quarantine *q, const char *kernel, quarantine_lifted_t lifted, void *userdata) {
        bool other_kernel = q->kernel && !streq(q->kernel, kernel);

        for (size_t i = q->n; i > 0; i--) {
                QuarantineEntry *e = &q->entries[i - 1];
                ObjectIdentity now;

                object_identity_read(e->object, &now);
                if (!other_kernel && object_identity_equal(&now, &e->identity))
                        continue;
                lifted(e, other_kernel ? "this is another kernel" : "its object has changed", userdata);
                forget(q, i - 1);
        }
        if (!q->kernel || other_kernel)
                (void) free_and_strdup(&q->kernel, kernel);
}

size_t quarantine_reset(Quarantine *q, const char *scheduler, quarantine_lifted_t lifted, void *userdata) {
        size_t n = 0;

        for (size_t i = q->n; i > 0; i--) {
                if (scheduler[0] && !streq(q->entries[i - 1].scheduler, scheduler))
                        continue;
                lifted(&q->entries[i - 1], NULL, userdata);
                forget(q, i - 1);
                n++;
        }
        return n;
}
