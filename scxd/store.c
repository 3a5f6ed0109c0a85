/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-json.h>

#include "store.h"

#define STATE_FILE "state.json"
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

int store_read_file(const char *directory, const char *name, size_t size_max, char **ret) {
        _cleanup_(closep) int dir = -EBADF, fd = -EBADF;
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;

        dir = open(directory, O_DIRECTORY | O_PATH | O_CLOEXEC);
        if (dir >= 0)
                fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        text = malloc(size_max + 1);
        if (!text)
                return -ENOMEM;
        while (size <= size_max) {
                ssize_t n = read(fd, text + size, size_max + 1 - size);

                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t) n;
        }
        if (size > size_max || memchr(text, 0, size))
                return -EBADMSG;
        text[size] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

void store_set_aside(const char *directory, const char *name) {
        _cleanup_(closep) int dir = open(directory, O_DIRECTORY | O_PATH | O_CLOEXEC);
        _cleanup_(freep) char *aside = NULL;

        if (dir >= 0 && asprintf(&aside, "%s.corrupt", name) >= 0)
                (void) renameat(dir, name, dir, aside);
}

int store_load(const char *directory, StoredState *ret) {
        _cleanup_(freep) char *text = NULL;
        int r;

        r = store_read_file(directory, STATE_FILE, STATE_SIZE_MAX, &text);
        if (r == -ENOENT) {
                *ret = (StoredState) {};
                return 0;
        }
        if (r >= 0)
                r = parse(text, ret);
        if (r == -EBADMSG) {
                store_set_aside(directory, STATE_FILE);
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

int store_write_file(const char *directory, const char *name, const char *text, bool sync) {
        _cleanup_(closep) int dir = -EBADF, fd = -EBADF;
        _cleanup_(freep) char *temporary = NULL;
        int r;

        if (asprintf(&temporary, ".%s.new", name) < 0)
                return -ENOMEM;
        dir = open(directory, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
        if (dir < 0)
                return -errno;
        fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644);
        if (fd < 0)
                return -errno;
        r = write_all(fd, text, strlen(text));
        if (r >= 0 && sync && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(dir, temporary, dir, name) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(dir, temporary, 0);
                return r;
        }
        if (sync)
                (void) fsync(dir);      /* the rename itself; the content is safe either way */
        return 0;
}

int store_save(const char *directory, const StoredState *s) {
        _cleanup_(variant_unrefp) sd_json_variant *v = NULL;
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
        return store_write_file(directory, STATE_FILE, text, true);
}
