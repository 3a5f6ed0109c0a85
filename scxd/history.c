/* SPDX-License-Identifier: GPL-2.0-only */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-json.h>

#include "diag.h"
#include "history.h"
#include "store.h"

#define FILE_NAME_MAX 32u
#define FILES_SEEN_MAX 10000u   /* whatever else somebody puts there */

static const char *const history_event_table[_HISTORY_EVENT_MAX] = {
        [HISTORY_STARTED] = "started",
        [HISTORY_ADJUSTED] = "adjusted",
        [HISTORY_ENDED] = "ended",
        [HISTORY_FAILED] = "failed",
        [HISTORY_QUARANTINED] = "quarantined",
        [HISTORY_LIFTED] = "lifted",
};

DEFINE_STRING_TABLE(history_event, HistoryEvent)

static inline void variant_unrefp(sd_json_variant **v) {
        sd_json_variant_unref(*v);
}

/* --- entries --- */

HistoryEntry *history_entry_free(HistoryEntry *e) {
        if (!e)
                return NULL;
        free(e->scheduler);
        free(e->profile);
        free(e->why);
        free(e->reason);
        free(e->message);
        free(e->dump);
        free(e->outcome);
        return mfree(e);
}

/* A copy that D-Bus, JSON and terminals can take: what a scheduler writes need not be text. */
static char *clean(const char *s) {
        size_t n = strlen(strempty(s)), k = 0;
        char *t = malloc(n + 1);

        if (!t)
                return NULL;
        for (size_t i = 0; i < n;) {
                uint32_t c;
                int length = utf8_decode(s + i, n - i, &c);

                if (length > 0 && (c == '\n' || c == '\t' || utf8_is_printable(c))) {
                        memcpy(t + k, s + i, (size_t) length);
                        k += (size_t) length;
                } else
                        t[k++] = '?';
                i += length > 0 ? (size_t) length : 1;
        }
        t[k] = '\0';
        return t;
}

static int set_text(char **p, const char *s) {
        char *t = clean(s);

        if (!t)
                return -ENOMEM;
        free(*p);
        *p = t;
        return 0;
}

int history_entry_new(HistoryEvent event, const char *scheduler, const char *profile, uint64_t realtime_usec, HistoryEntry **ret) {
        _cleanup_(history_entry_freep) HistoryEntry *e = NULL;
        int r;

        e = calloc(1, sizeof(*e));
        if (!e)
                return -ENOMEM;
        e->event = event;
        e->realtime_usec = realtime_usec;
        e->dirty = true;
        if ((r = set_text(&e->scheduler, scheduler)) < 0 || (r = set_text(&e->profile, profile)) < 0 || (r = set_text(&e->why, NULL)) < 0 ||
            (r = set_text(&e->reason, NULL)) < 0 || (r = set_text(&e->message, NULL)) < 0 || (r = set_text(&e->outcome, NULL)) < 0)
                return r;
        *ret = TAKE_PTR(e);
        return 0;
}

int history_entry_set_words(HistoryEntry *e, const char *reason, const char *message, const char *dump) {
        int r;

        if ((r = set_text(&e->reason, reason)) < 0 || (r = set_text(&e->message, message)) < 0)
                return r;
        e->dirty = true;
        if (!dump || !dump[0])
                return 0;
        e->has_dump = true;
        return set_text(&e->dump, dump);
}

int history_entry_set_why(HistoryEntry *e, const char *why) {
        e->dirty = true;
        return set_text(&e->why, why);
}

int history_entry_set_outcome(HistoryEntry *e, const char *outcome) {
        e->dirty = true;
        return set_text(&e->outcome, outcome);
}

bool history_entry_is_exit(const HistoryEntry *e) {
        return e->event == HISTORY_FAILED || (e->event == HISTORY_ENDED && e->kind != EXIT_KIND_STOPPED);
}

/* --- the list --- */

static void file_name(const HistoryEntry *e, char ret[static FILE_NAME_MAX]) {
        (void) snprintf(ret, FILE_NAME_MAX, "%020" PRIu64 ".json", e->id);
}

static void remove_file(const History *h, const HistoryEntry *e) {
        char name[FILE_NAME_MAX], path[PATH_MAX];

        if (!h->directory || e->size == 0)
                return;
        file_name(e, name);
        if (snprintf(path, sizeof(path), "%s/%s", h->directory, name) < (int) sizeof(path))
                (void) unlink(path);
}

static void drop_oldest(History *h) {
        _cleanup_(history_entry_freep) HistoryEntry *e = h->entries[0];

        memmove(h->entries, h->entries + 1, (h->n - 1) * sizeof(*h->entries));
        h->n--;
        remove_file(h, e);
}

static size_t total_size(const History *h) {
        size_t sum = 0;

        for (size_t i = 0; i < h->n; i++)
                sum += h->entries[i]->size;
        return sum;
}

static void trim_dumps(History *h) {
        size_t kept = 0;

        for (size_t i = h->n; i > 0; i--) {
                HistoryEntry *e = h->entries[i - 1];

                if (!e->dump || kept++ < HISTORY_DUMPS_MAX)
                        continue;
                e->dump = mfree(e->dump);
                e->has_dump = e->size > 0;      /* else it is gone for good */
        }
}

void history_add(History *h, HistoryEntry *e) {
        if (h->n == HISTORY_MAX)
                drop_oldest(h);
        h->next_id = MAX(h->next_id, UINT64_C(1));
        e->id = h->next_id++;
        h->entries[h->n++] = e;
        trim_dumps(h);
}

HistoryEntry *history_last_exit(const History *h) {
        for (size_t i = h->n; i > 0; i--)
                if (history_entry_is_exit(h->entries[i - 1]))
                        return h->entries[i - 1];
        return NULL;
}

const HistoryEntry *history_open_run(const History *h, const char **ret_profile) {
        const char *profile = NULL;

        for (size_t i = h->n; i > 0; i--) {
                const HistoryEntry *e = h->entries[i - 1];

                if (e->event == HISTORY_ENDED)
                        return NULL;
                if (e->event == HISTORY_ADJUSTED && !profile)
                        profile = e->profile;
                if (e->event == HISTORY_STARTED) {
                        if (ret_profile)
                                *ret_profile = profile ? profile : e->profile;
                        return e;
                }
        }
        return NULL;
}

HistoryEntry *history_find(const History *h, uint64_t id) {
        for (size_t i = 0; i < h->n; i++)
                if (h->entries[i]->id == id)
                        return h->entries[i];
        return NULL;
}

void history_done(History *h) {
        for (size_t i = 0; i < h->n; i++)
                history_entry_free(h->entries[i]);
        free(h->directory);
        *h = (History) {};
}

/* --- the disk --- */

static int get_text(sd_json_variant *v, const char *key, char **ret) {
        sd_json_variant *w = sd_json_variant_by_key(v, key);

        if (!w || !sd_json_variant_is_string(w))
                return -EBADMSG;
        return set_text(ret, sd_json_variant_string(w));
}

static int get_number(sd_json_variant *v, const char *key, uint64_t *ret) {
        sd_json_variant *w = sd_json_variant_by_key(v, key);

        if (!w || !sd_json_variant_is_unsigned(w))
                return -EBADMSG;
        *ret = sd_json_variant_unsigned(w);
        return 0;
}

static int parse(const char *text, HistoryEntry **ret) {
        _cleanup_(variant_unrefp) sd_json_variant *v = NULL;
        _cleanup_(history_entry_freep) HistoryEntry *e = NULL;
        _cleanup_(freep) char *event = NULL, *kind = NULL;
        uint64_t kernel_kind;
        int r;

        if (sd_json_parse(text, 0, &v, NULL, NULL) < 0 || !sd_json_variant_is_object(v))
                return -EBADMSG;
        e = calloc(1, sizeof(*e));
        if (!e)
                return -ENOMEM;
        if ((r = get_number(v, "id", &e->id)) < 0 || (r = get_text(v, "event", &event)) < 0 ||
            (r = get_text(v, "scheduler", &e->scheduler)) < 0 || (r = get_text(v, "profile", &e->profile)) < 0 ||
            (r = get_number(v, "time", &e->realtime_usec)) < 0 || (r = get_number(v, "started", &e->started_usec)) < 0 ||
            (r = get_text(v, "why", &e->why)) < 0 || (r = get_text(v, "kind", &kind)) < 0 ||
            (r = get_number(v, "kernel_kind", &kernel_kind)) < 0 || (r = get_number(v, "code", &e->code)) < 0 ||
            (r = get_text(v, "reason", &e->reason)) < 0 || (r = get_text(v, "message", &e->message)) < 0 ||
            (r = get_text(v, "outcome", &e->outcome)) < 0)
                return r;
        e->event = history_event_from_string(event);
        e->kind = exit_kind_from_string(kind);
        if ((int) e->event < 0 || (int) e->kind < 0 || e->id == 0 || e->id == UINT64_MAX || kernel_kind > UINT32_MAX)
                return -EBADMSG;
        e->kernel_kind = (uint32_t) kernel_kind;
        if (sd_json_variant_by_key(v, "dump")) {
                r = get_text(v, "dump", &e->dump);
                if (r < 0)
                        return r;
                e->has_dump = true;
        }
        e->announced = true;
        e->size = strlen(text);
        *ret = TAKE_PTR(e);
        return 0;
}

static int format(const History *h, const HistoryEntry *e, char **ret) {
        _cleanup_(variant_unrefp) sd_json_variant *v = NULL;
        _cleanup_(freep) char *dump = NULL;
        int r;

        if (e->has_dump)        /* of an entry whose outcome is known only later it may be on disk already */
                (void) history_read_dump(h, e, &dump);
        r = sd_json_buildo(&v,
                           SD_JSON_BUILD_PAIR_UNSIGNED("id", e->id),
                           SD_JSON_BUILD_PAIR_STRING("event", history_event_to_string(e->event)),
                           SD_JSON_BUILD_PAIR_STRING("scheduler", e->scheduler),
                           SD_JSON_BUILD_PAIR_STRING("profile", e->profile),
                           SD_JSON_BUILD_PAIR_UNSIGNED("time", e->realtime_usec),
                           SD_JSON_BUILD_PAIR_UNSIGNED("started", e->started_usec),
                           SD_JSON_BUILD_PAIR_STRING("why", e->why),
                           SD_JSON_BUILD_PAIR_STRING("kind", exit_kind_to_string(e->kind)),
                           SD_JSON_BUILD_PAIR_UNSIGNED("kernel_kind", e->kernel_kind),
                           SD_JSON_BUILD_PAIR_UNSIGNED("code", e->code),
                           SD_JSON_BUILD_PAIR_STRING("reason", e->reason),
                           SD_JSON_BUILD_PAIR_STRING("message", e->message),
                           SD_JSON_BUILD_PAIR_STRING("outcome", e->outcome),
                           SD_JSON_BUILD_PAIR_CONDITION(!!dump, "dump", SD_JSON_BUILD_STRING(dump)));
        if (r < 0)
                return r;
        return sd_json_variant_format(v, SD_JSON_FORMAT_NEWLINE, ret);
}

/* The id that a file's name stands for; 0 if it is no entry's. */
static uint64_t id_of(const char *name) {
        uint64_t id = 0;

        if (strlen(name) != 25 || !endswith(name, ".json"))
                return 0;
        for (size_t i = 0; i < 20; i++) {
                if (name[i] < '0' || name[i] > '9' || id > (UINT64_MAX - 9) / 10)
                        return 0;
                id = id * 10 + (uint64_t) (name[i] - '0');
        }
        return id;
}

static int compare_ids(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return x < y ? -1 : x > y;
}

/* The ids of all files, sorted. */
static int list_files(const char *directory, uint64_t **ret, size_t *ret_n) {
        _cleanup_(freep) uint64_t *ids = NULL;
        size_t n = 0;
        DIR *d;

        ids = calloc(FILES_SEEN_MAX, sizeof(*ids));
        if (!ids)
                return -ENOMEM;
        d = opendir(directory);
        if (!d)
                return -errno;
        for (struct dirent *de; n < FILES_SEEN_MAX && (de = readdir(d));) {
                uint64_t id = id_of(de->d_name);

                if (id > 0 && id < UINT64_MAX)
                        ids[n++] = id;
        }
        (void) closedir(d);
        qsort(ids, n, sizeof(*ids), compare_ids);
        *ret = TAKE_PTR(ids);
        *ret_n = n;
        return 0;
}

int history_open(History *h, const char *directory, size_t *ret_n_skipped) {
        _cleanup_(freep) char *copy = strdup(directory);
        _cleanup_(freep) uint64_t *ids = NULL;
        size_t n = 0, skipped = 0;
        int r;

        assert(h->n == 0);

        if (!copy)
                return -ENOMEM;
        if (mkdir(directory, 0755) < 0 && errno != EEXIST)
                return -errno;
        r = list_files(directory, &ids, &n);
        if (r < 0)
                return r;
        h->directory = TAKE_PTR(copy);
        for (size_t i = 0; i < n; i++) {
                _cleanup_(history_entry_freep) HistoryEntry *e = NULL;
                HistoryEntry name = { .id = ids[i], .size = 1 };
                _cleanup_(freep) char *text = NULL;
                char file[FILE_NAME_MAX];

                /* Also those that are skipped: an id is never used again. */
                h->next_id = ids[i] + 1;
                file_name(&name, file);
                r = store_read_file(directory, file, HISTORY_ENTRY_SIZE_MAX, &text);
                if (r >= 0)
                        r = parse(text, &e);
                if (r < 0 || e->id != ids[i]) {
                        if (r == -ENOMEM)
                                return r;
                        skipped++;
                        /* It stays for a person to look at, as long as it would if it were whole. */
                        if (n - i > HISTORY_MAX)
                                remove_file(h, &name);
                        continue;
                }
                e->dump = mfree(e->dump);
                if (h->n == HISTORY_MAX)
                        drop_oldest(h);
                h->entries[h->n++] = TAKE_PTR(e);
        }
        while (h->n > 1 && total_size(h) > HISTORY_SIZE_MAX)
                drop_oldest(h);
        if (ret_n_skipped)
                *ret_n_skipped = skipped;
        return 0;
}

int history_save(History *h) {
        int result = 0;

        for (size_t i = 0; i < h->n; i++) {
                HistoryEntry *e = h->entries[i];
                _cleanup_(freep) char *text = NULL;
                char name[FILE_NAME_MAX];
                int r;

                if (!e->dirty)
                        continue;
                e->dirty = false;
                if (!h->directory)
                        continue;
                file_name(e, name);
                r = format(h, e, &text);
                if (r >= 0)
                        r = store_write_file(h->directory, name, text, false);
                if (r >= 0)
                        e->size = strlen(text);
                else if (result == 0)
                        result = r;
        }
        while (h->n > 1 && total_size(h) > HISTORY_SIZE_MAX)
                drop_oldest(h);
        return result;
}

int history_read_dump(const History *h, const HistoryEntry *e, char **ret) {
        _cleanup_(history_entry_freep) HistoryEntry *stored = NULL;
        _cleanup_(freep) char *text = NULL;
        char name[FILE_NAME_MAX], *copy;
        int r;

        if (!e->has_dump)
                return -ENOENT;
        if (e->dump) {
                copy = strdup(e->dump);
                if (!copy)
                        return -ENOMEM;
                *ret = copy;
                return 0;
        }
        if (!h->directory || e->size == 0)
                return -ENOENT;
        file_name(e, name);
        r = store_read_file(h->directory, name, HISTORY_ENTRY_SIZE_MAX, &text);
        if (r < 0)
                return r;
        r = parse(text, &stored);
        if (r < 0)
                return r;
        if (!stored->dump)
                return -ENOENT;
        *ret = TAKE_PTR(stored->dump);
        return 0;
}
