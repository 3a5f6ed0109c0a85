/* SPDX-License-Identifier: GPL-2.0-only */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "loader-inspect.h"
#include "loader-watch.h"
#include "verifier-log.h"

#define TICK_VARIABLE "tick_nsec"       /* filled in for whoever has it: the length of the kernel's tick */

static BoundedLog printed;
static char verifier_log[64 * 1024];

static int keep_output(enum libbpf_print_level level, const char *format, va_list ap) {
        _cleanup_(freep) char *text = NULL;
        int n;

        if (level != LIBBPF_WARN)
                return 0;
        n = vasprintf(&text, format, ap);
        if (n < 0)
                text = NULL;
        else
                bounded_log_append(&printed, text, (size_t) n);
        return 0;
}

static _printf_(4, 5) int fail(LoaderReply *reply, LoaderStage stage, int error, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vsnprintf(reply->message, sizeof(reply->message), format, ap);
        va_end(ap);
        reply->stage = stage;
        /* libbpf has errors of its own beyond those of the system */
        reply->error = error < -511 ? -EINVAL : error;
        return reply->error;
}

static int fail_to_load(LoaderReply *reply, int error) {
        _cleanup_(freep) char *text = NULL, *explained = NULL;

        if (error == -EPERM)
                return fail(reply, LOADER_STAGE_LOAD, error, "not permitted: loading needs CAP_BPF and CAP_PERFMON");
        if (verifier_log[0]) {
                static const char begin[] = VERIFIER_LOG_BEGIN "\n", end[] = "\n" VERIFIER_LOG_END "\n";

                bounded_log_append(&printed, begin, strlen(begin));
                bounded_log_append(&printed, verifier_log, strnlen(verifier_log, sizeof(verifier_log)));
                bounded_log_append(&printed, end, strlen(end));
        }
        text = bounded_log_text(&printed);
        explained = text ? verifier_log_explain(text) : NULL;
        if (explained && explained[0])
                return fail(reply, LOADER_STAGE_LOAD, error, "%s", explained);
        return fail(reply, LOADER_STAGE_LOAD, error, "the kernel refused the program: %s", strerror(-error));
}

static int set_constant(const struct bpf_object *object, const char *name, uint64_t value) {
        ObjectVariable v;
        void *place;
        int r;

        r = object_find_variable(object, name, &v, &place);
        if (r < 0)
                return r;
        if (v.section != OBJECT_SECTION_RODATA || v.size != sizeof(value) || v.is_signed)
                return -EINVAL;
        memcpy(place, &value, sizeof(value));
        return 0;
}

/* Constants of type u64 only: such programs need no others. */
static int set_constants(const struct bpf_object *object, const LoaderRequest *request, LoaderReply *reply) {
        struct timespec tick;
        int r;

        for (uint32_t i = 0; i < request->n_knobs; i++) {
                const LoaderKnob *k = request->knobs + i;

                r = k->type == KNOB_TYPE_U64 && k->set == KNOB_SET_LOAD ? set_constant(object, k->name, k->value) : -EINVAL;
                if (r < 0)
                        return fail(reply, LOADER_STAGE_KNOBS, r, "the program has no constant \"%s\" of type u64", k->name);
        }

        /* The coarse clock advances with the tick. CONFIG_HZ is not to be had on each machine. */
        if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) < 0)
                return fail(reply, LOADER_STAGE_KNOBS, -errno, "cannot find out how long the kernel's tick is: %m");
        r = set_constant(object, TICK_VARIABLE, (uint64_t) tick.tv_sec * 1000000000u + (uint64_t) tick.tv_nsec);
        if (r < 0 && r != -ENOENT)
                return fail(reply, LOADER_STAGE_KNOBS, r, "\"" TICK_VARIABLE "\" of the program is no constant of type u64");
        return 0;
}

static struct bpf_map *find_ring(const struct bpf_object *object) {
        struct bpf_map *map;

        bpf_object__for_each_map(map, object)
                if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
                        return map;
        return NULL;
}

/* The first program of the object: it has to be one of tracing, which does nothing before it is attached. */
static struct bpf_program *find_program(const struct bpf_object *object) {
        struct bpf_program *program = bpf_object__next_program(object, NULL);

        return program && bpf_program__type(program) == BPF_PROG_TYPE_TRACING ? program : NULL;
}

static int hand_over(const struct bpf_object *object, LoaderReply *reply, int fds[static LOADER_FDS_MAX], size_t *ret_n_fds) {
        const struct bpf_map *ring = find_ring(object), *state = bpf_object__find_map_by_name(object, ".bss");
        const struct {
                uint32_t bit;
                int fd;
        } table[] = {
                { LOADER_FD_EXIT, ring ? bpf_map__fd(ring) : -EBADF },
                { LOADER_FD_BSS, state ? bpf_map__fd(state) : -EBADF },
                { LOADER_FD_PROGRAM, bpf_program__fd(find_program(object)) },
        };
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int fd = table[i].fd < 0 ? -EBADF : fcntl(table[i].fd, F_DUPFD_CLOEXEC, LOADER_SOCKET_FD + 1);

                if (fd < 0) {
                        int r = fail(reply, LOADER_STAGE_PREPARE, table[i].fd < 0 ? -EINVAL : -errno, "%s",
                                     table[i].fd < 0 ? "the program has no ring buffer or no state" : "cannot hand over the program");

                        while (n > 0)
                                safe_close(fds[--n]);
                        reply->fds = 0;
                        return r;
                }
                fds[n++] = fd;
                reply->fds |= table[i].bit;
        }
        *ret_n_fds = n;
        return 0;
}

void loader_watch(const LoaderRequest *request, LoaderReply *reply, int fds[static LOADER_FDS_MAX], size_t *ret_n_fds) {
        LIBBPF_OPTS(bpf_object_open_opts, options, .kernel_log_buf = verifier_log, .kernel_log_size = sizeof(verifier_log));
        struct bpf_object *object;
        struct bpf_map *map;
        int r = 0;

        bounded_log_clear(&printed);
        verifier_log[0] = '\0';
        libbpf_set_print(keep_output);
        *ret_n_fds = 0;

        object = bpf_object__open_file(request->path, &options);
        if (!object) {
                (void) fail(reply, LOADER_STAGE_OPEN, -errno, "cannot open %s: %s", request->path, strerror(errno));
                return;
        }
        /* No traces in the bpf file system. */
        bpf_object__for_each_map(map, object)
                r = r ?: bpf_map__set_pin_path(map, NULL);
        if (r < 0)
                (void) fail(reply, LOADER_STAGE_OPEN, r, "cannot set up the program's maps: %s", strerror(-r));
        else if (!find_program(object))
                (void) fail(reply, LOADER_STAGE_OPEN, -EINVAL, "%s has no tracing program", request->path);
        else if (set_constants(object, request, reply) >= 0) {
                r = bpf_object__load(object);
                if (r < 0)
                        (void) fail_to_load(reply, r);
                else
                        (void) hand_over(object, reply, fds, ret_n_fds);
        }
        bpf_object__close(object);
}
