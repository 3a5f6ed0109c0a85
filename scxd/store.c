/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-json.h>

#include "store.h"

#define STATE_FILE "state.json"
#define STATE_TEMPORARY ".state.json.new"
#define STATE_SIZE_MAX 4096

void stored_state_done(StoredState *s) {
        s->choice = mfree(s->choice);
        s->stopped_by = mfree(s->stopped_by);
        s->stopped = STOP_NONE;
}

static inline void variant_unrefp(sd_json_variant **v) {
        sd_json_variant_unref(*v);
}

static int parse(const char *text, StoredState *ret) {
        _cleanup_(variant_unrefp) sd_json_variant *v = NULL;
        _cleanup_(stored_state_done) StoredState s = {};
        sd_json_variant *w;

        if (sd_json_parse(text, 0, &v, NULL, NULL) < 0 || !sd_json_variant_is_object(v))
                return -EBADMSG;

        w = sd_json_variant_by_key(v, "choice");
        if (w && !sd_json_variant_is_null(w)) {
                if (!sd_json_variant_is_string(w) || !catalog_name_is_valid(sd_json_variant_string(w)))
                        return -EBADMSG;
                s.choice = strdup(sd_json_variant_string(w));
                if (!s.choice)
                        return -ENOMEM;
        }
        w = sd_json_variant_by_key(v, "stopped");
        if (w) {
                if (!sd_json_variant_is_string(w))
                        return -EBADMSG;
                s.stopped = stop_reason_from_string(sd_json_variant_string(w));
                if ((int) s.stopped < 0)
                        return -EBADMSG;
        }

        w = sd_json_variant_by_key(v, "stopped_by");
        if (w && sd_json_variant_is_string(w)) {
                s.stopped_by = strdup(sd_json_variant_string(w));
                if (!s.stopped_by)
                        return -ENOMEM;
        }

        *ret = s;
        s = (StoredState) {};
        return 0;
}

int store_load(const char *directory, StoredState *ret) {
        _cleanup_(closep) int dir = -EBADF, fd = -EBADF;
        char text[STATE_SIZE_MAX + 1];
        ssize_t n;
        int r;

        dir = open(directory, O_DIRECTORY | O_PATH | O_CLOEXEC);
        if (dir >= 0)
                fd = openat(dir, STATE_FILE, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
        if (fd < 0) {
                if (errno != ENOENT)
                        return -errno;
                *ret = (StoredState) {};
                return 0;
        }

        n = read(fd, text, sizeof(text));
        if (n < 0)
                return -errno;
        if ((size_t) n == sizeof(text) || memchr(text, 0, (size_t) n))
                r = -EBADMSG;
        else {
                text[n] = '\0';
                r = parse(text, ret);
        }
        if (r == -EBADMSG) {
                (void) renameat(dir, STATE_FILE, dir, STATE_FILE ".corrupt");
                *ret = (StoredState) {};
        }
        return r;
}

static int write_all(int fd, const char *p, size_t n) {
        while (n > 0) {
                ssize_t k = write(fd, p, n);

                if (k < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                p += k;
                n -= (size_t) k;
        }
        return 0;
}

int store_save(const char *directory, const StoredState *s) {
        _cleanup_(variant_unrefp) sd_json_variant *v = NULL;
        _cleanup_(closep) int dir = -EBADF, fd = -EBADF;
        _cleanup_(freep) char *text = NULL;
        int r;

        r = sd_json_buildo(&v,
                           SD_JSON_BUILD_PAIR_INTEGER("version", 1),
                           SD_JSON_BUILD_PAIR_CONDITION(!!s->choice, "choice", SD_JSON_BUILD_STRING(s->choice)),
                           SD_JSON_BUILD_PAIR_CONDITION(!!s->stopped_by, "stopped_by", SD_JSON_BUILD_STRING(s->stopped_by)),
                           SD_JSON_BUILD_PAIR_STRING("stopped", stop_reason_to_string(s->stopped)));
        if (r < 0)
                return r;
        r = sd_json_variant_format(v, SD_JSON_FORMAT_NEWLINE, &text);
        if (r < 0)
                return r;

        dir = open(directory, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
        if (dir < 0)
                return -errno;
        fd = openat(dir, STATE_TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644);
        if (fd < 0)
                return -errno;
        r = write_all(fd, text, strlen(text));
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(dir, STATE_TEMPORARY, dir, STATE_FILE) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(dir, STATE_TEMPORARY, 0);
                return r;
        }
        (void) fsync(dir);      /* the rename itself; the content is safe either way */
        return 0;
}
