/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <sys/mman.h>
#include <systemd/sd-json.h>

#include "running.h"

/* 64 knobs and 16 reasons of a line each fit well. */
#define SIZE_MAX_BYTES 65536

void running_done(Running *r) {
        r->profile = mfree(r->profile);
        r->scheduler = mfree(r->scheduler);
        r->wish = mfree(r->wish);
        for (size_t i = 0; i < ELEMENTSOF(r->failures); i++)
                r->failures[i] = mfree(r->failures[i]);
}

static inline void variant_unrefp(sd_json_variant **v) {
        sd_json_variant_unref(*v);
}

static int append(sd_json_variant **array, sd_json_variant *item) {
        int r = sd_json_variant_append_array(array, item);

        sd_json_variant_unref(item);
        return r;
}

static int globals_to_json(const LoaderGlobals *g, sd_json_variant **ret) {
        for (uint32_t i = 0; i < g->n; i++) {
                sd_json_variant *item = NULL;
                int r = sd_json_buildo(&item,
                                       SD_JSON_BUILD_PAIR_STRING("name", g->items[i].name),
                                       SD_JSON_BUILD_PAIR_UNSIGNED("fd", g->items[i].fd),
                                       SD_JSON_BUILD_PAIR_UNSIGNED("offset", g->items[i].offset),
                                       SD_JSON_BUILD_PAIR_UNSIGNED("size", g->items[i].size));

                if (r >= 0)
                        r = append(ret, item);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int failures_to_json(char *const *failures, sd_json_variant **ret) {
        for (size_t i = 0; i < CANDIDATES_MAX; i++) {
                sd_json_variant *item = NULL;
                int r = sd_json_variant_new_string(&item, strempty(failures[i]));

                if (r >= 0)
                        r = append(ret, item);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int retries_to_json(const uint64_t *usec, sd_json_variant **ret) {
        for (size_t i = 0; i < CANDIDATES_MAX; i++) {
                sd_json_variant *item = NULL;
                int r = sd_json_variant_new_unsigned(&item, usec[i]);

                if (r >= 0)
                        r = append(ret, item);
                if (r < 0)
                        return r;
        }
        return 0;
}

int running_to_fd(const Running *r) {
        _cleanup_(variant_unrefp) sd_json_variant *v = NULL, *globals = NULL, *failures = NULL, *retries = NULL;
        _cleanup_(freep) char *text = NULL;
        _cleanup_(closep) int fd = -EBADF;
        int k;

        if ((k = globals_to_json(&r->globals, &globals)) < 0 || (k = failures_to_json(r->failures, &failures)) < 0 ||
            (k = retries_to_json(r->retry_usec, &retries)) < 0)
                return k;
        k = sd_json_buildo(&v,
                           SD_JSON_BUILD_PAIR_CONDITION(!!globals, "globals", SD_JSON_BUILD_VARIANT(globals)),
                           SD_JSON_BUILD_PAIR_VARIANT("failures", failures),
                           SD_JSON_BUILD_PAIR_VARIANT("retries", retries),
                           SD_JSON_BUILD_PAIR_STRING("profile", r->profile),
                           SD_JSON_BUILD_PAIR_STRING("scheduler", r->scheduler),
                           SD_JSON_BUILD_PAIR_UNSIGNED("candidate", r->candidate),
                           SD_JSON_BUILD_PAIR_STRING("wish", r->wish),
                           SD_JSON_BUILD_PAIR_STRING("ops", r->ops_name),
                           SD_JSON_BUILD_PAIR_UNSIGNED("enable_seq", r->enable_seq),
                           SD_JSON_BUILD_PAIR_UNSIGNED("since_realtime", r->since_realtime),
                           SD_JSON_BUILD_PAIR_UNSIGNED("since_monotonic", r->since_monotonic),
                           SD_JSON_BUILD_PAIR_UNSIGNED("fds", r->fds));
        if (k < 0)
                return k;
        k = sd_json_variant_format(v, 0, &text);
        if (k < 0)
                return k;
        fd = memfd_create("scxd-running", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return -errno;
        if (write(fd, text, strlen(text)) != (ssize_t) strlen(text))
                return -EIO;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
                return -errno;
        return TAKE_FD(fd);
}

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

static int globals_from_json(sd_json_variant *v, LoaderGlobals *ret) {
        sd_json_variant *array = sd_json_variant_by_key(v, "globals");
        size_t n = array ? sd_json_variant_elements(array) : 0;

        if (n > KNOBS_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++) {
                sd_json_variant *item = sd_json_variant_by_index(array, i);
                LoaderGlobal *g = ret->items + i;
                _cleanup_(freep) char *name = NULL;
                uint64_t which, offset, size;
                int r;

                if ((r = get_string(item, "name", &name)) < 0 || (r = get_number(item, "fd", &which)) < 0 ||
                    (r = get_number(item, "offset", &offset)) < 0 || (r = get_number(item, "size", &size)) < 0)
                        return r;
                if (strlen(name) >= sizeof(g->name) || (which != LOADER_FD_GLOBALS && which != LOADER_FD_BSS) ||
                    offset > UINT32_MAX || size > 8)
                        return -EBADMSG;
                *g = (LoaderGlobal) { .fd = (uint32_t) which, .offset = (uint32_t) offset, .size = (uint32_t) size };
                strcpy(g->name, name);
        }
        ret->n = (uint32_t) n;
        return 0;
}

static int failures_from_json(sd_json_variant *v, char **ret) {
        sd_json_variant *array = sd_json_variant_by_key(v, "failures");

        if (!array || sd_json_variant_elements(array) != CANDIDATES_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < CANDIDATES_MAX; i++) {
                sd_json_variant *item = sd_json_variant_by_index(array, i);

                if (!sd_json_variant_is_string(item))
                        return -EBADMSG;
                if (sd_json_variant_string(item)[0] && !(ret[i] = strdup(sd_json_variant_string(item))))
                        return -ENOMEM;
        }
        return 0;
}

/* An scxd that knew of no retries has left none: an upgrade goes on with what it finds. */
static int retries_from_json(sd_json_variant *v, uint64_t *ret) {
        sd_json_variant *array = sd_json_variant_by_key(v, "retries");

        if (!array)
                return 0;
        if (sd_json_variant_elements(array) != CANDIDATES_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < CANDIDATES_MAX; i++) {
                sd_json_variant *item = sd_json_variant_by_index(array, i);

                if (!sd_json_variant_is_unsigned(item))
                        return -EBADMSG;
                ret[i] = sd_json_variant_unsigned(item);
        }
        return 0;
}

int running_from_fd(int fd, Running *ret) {
        _cleanup_(variant_unrefp) sd_json_variant *v = NULL;
        _cleanup_(running_done) Running r = {};
        _cleanup_(freep) char *ops = NULL;
        uint64_t candidate, fds;
        char text[SIZE_MAX_BYTES + 1];
        ssize_t n;
        int k;

        n = pread(fd, text, sizeof(text), 0);
        if (n < 0)
                return -errno;
        if ((size_t) n == sizeof(text))
                return -EBADMSG;
        text[n] = '\0';
        if (sd_json_parse(text, 0, &v, NULL, NULL) < 0 || !sd_json_variant_is_object(v))
                return -EBADMSG;

        if ((k = get_string(v, "profile", &r.profile)) < 0 || (k = get_string(v, "scheduler", &r.scheduler)) < 0 ||
            (k = get_string(v, "wish", &r.wish)) < 0 || (k = get_string(v, "ops", &ops)) < 0 ||
            (k = get_number(v, "candidate", &candidate)) < 0 || (k = get_number(v, "enable_seq", &r.enable_seq)) < 0 ||
            (k = get_number(v, "since_realtime", &r.since_realtime)) < 0 ||
            (k = get_number(v, "since_monotonic", &r.since_monotonic)) < 0 || (k = get_number(v, "fds", &fds)) < 0 ||
            (k = globals_from_json(v, &r.globals)) < 0 || (k = failures_from_json(v, r.failures)) < 0 || (k = retries_from_json(v, r.retry_usec)) < 0)
                return k;
        if (strlen(ops) >= sizeof(r.ops_name) || fds > UINT32_MAX)
                return -EBADMSG;
        strcpy(r.ops_name, ops);
        r.candidate = candidate;
        r.fds = (uint32_t) fds;

        *ret = r;
        r = (Running) {};
        return 0;
}
