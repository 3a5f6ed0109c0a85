/* SPDX-License-Identifier: GPL-2.0-only */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "loader-inspect.h"
#include "scxd-exit.h"

#define OPS_TYPE "sched_ext_ops"
#define TYPE_DEPTH_MAX 32       /* a chain of typedefs that is longer is no honest one */
#define INSPECT_CPU_SECONDS 20  /* far more than any real object takes, even in an emulated machine */
#define INSPECT_MEMORY_MAX (UINT64_C(4) << 30)
#define WHY_MAX 512u

static _printf_(3, 4) int fail(char **ret_why, int error, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        if (vasprintf(ret_why, format, ap) < 0)
                *ret_why = NULL;
        va_end(ap);
        return error;
}

/* Reads the whole file first: a mapping of a file that shrinks meanwhile is a SIGBUS. */
static int read_object(const char *path, void **ret, size_t *ret_size, char **ret_why) {
        _cleanup_(freep) void *buffer = NULL;
        _cleanup_(closep) int fd = -EBADF;
        size_t size = 0, room;
        struct stat st;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return fail(ret_why, -errno, "cannot open the file: %m");
        if (fstat(fd, &st) < 0)
                return fail(ret_why, -errno, "cannot look at the file: %m");
        if (!S_ISREG(st.st_mode))
                return fail(ret_why, -EINVAL, "found something that is no regular file, expected a BPF object");
        if (st.st_size > (off_t) OBJECT_SIZE_MAX)
                return fail(ret_why, -EFBIG, "found a file of %llu MiB, expected at most %u",
                            ((unsigned long long) st.st_size + (1 << 20) - 1) >> 20, OBJECT_SIZE_MAX >> 20);

        room = (size_t) st.st_size;
        buffer = malloc(room + 1);
        if (!buffer)
                return fail(ret_why, -ENOMEM, "out of memory");
        while (size < room) {
                ssize_t n = read(fd, (char *) buffer + size, room - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return fail(ret_why, -errno, "cannot read the file: %m");
                if (n == 0)
                        break;
                size += (size_t) n;
        }

        *ret = TAKE_PTR(buffer);
        *ret_size = size;
        return 0;
}

static int check_elf(const void *buffer, size_t size, char **ret_why) {
        const Elf64_Ehdr *header = buffer;

        if (size == 0)
                return fail(ret_why, -ENOEXEC, "found an empty file, expected a BPF object");
        if (size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
                return fail(ret_why, -ENOEXEC, "found a file that is no ELF file, expected a BPF object");
        if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_BPF)
                return fail(ret_why, -ENOEXEC, "found an ELF file for another machine, expected a BPF object");
        return 0;
}

static const struct btf_type *skip_modifiers(const struct btf *btf, uint32_t id) {
        const struct btf_type *t = btf__type_by_id(btf, id);

        for (int depth = 0; t && depth < TYPE_DEPTH_MAX; depth++) {
                if (!btf_is_mod(t) && !btf_is_typedef(t))
                        return t;
                t = btf__type_by_id(btf, t->type);
        }
        return NULL;
}

static const struct btf_type *ops_type(const struct bpf_object *object, const struct bpf_map *map) {
        const struct btf *btf = bpf_object__btf(object);
        const struct btf_type *t;

        if (!btf || bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
                return NULL;
        t = btf__type_by_id(btf, bpf_map__btf_value_type_id(map));
        return t && btf_is_struct(t) ? t : NULL;
}

bool object_map_is_ops(const struct bpf_object *object, const struct bpf_map *map) {
        const struct btf_type *t = ops_type(object, map);
        const char *name = t ? btf__name_by_offset(bpf_object__btf(object), t->name_off) : NULL;

        /* libbpf leaves out what follows "___". */
        return name && startswith(name, OPS_TYPE) && (name[strlen(OPS_TYPE)] == '\0' || startswith(name + strlen(OPS_TYPE), "___"));
}

/* The first that libbpf would create, else the first. */
static struct bpf_map *find_ops(const struct bpf_object *object) {
        struct bpf_map *map, *first = NULL;

        bpf_object__for_each_map(map, object) {
                if (!object_map_is_ops(object, map))
                        continue;
                if (bpf_map__autocreate(map))
                        return map;
                first = first ?: map;
        }
        return first;
}

void *object_ops_member(const struct bpf_object *object, const struct bpf_map *ops, const char *name, size_t size) {
        const struct btf *btf = bpf_object__btf(object);
        const struct btf_type *t = ops_type(object, ops);
        size_t n_value = 0;
        char *value = bpf_map__initial_value((struct bpf_map *) ops, &n_value);

        if (!t || !value)
                return NULL;
        for (uint32_t i = 0; i < btf_vlen(t); i++) {
                const struct btf_member *m = btf_members(t) + i;
                const struct btf_type *mt;
                uint32_t bit = btf_member_bit_offset(t, i);
                int64_t n;

                if (!streq_ptr(btf__name_by_offset(btf, m->name_off), name))
                        continue;
                mt = skip_modifiers(btf, m->type);
                if (!mt || (!btf_is_int(mt) && !btf_is_array(mt)) || btf_member_bitfield_size(t, i) != 0 || bit % 8 != 0)
                        return NULL;
                n = btf__resolve_size(btf, m->type);
                if (n < 0 || (uint64_t) n != size || size > n_value || bit / 8 > n_value - size)
                        return NULL;
                return value + bit / 8;
        }
        return NULL;
}

int object_open(const char *path, char *log, size_t log_size, struct bpf_object **ret, struct bpf_map **ret_ops, char **ret_why) {
        _cleanup_(freep) void *buffer = NULL;
        struct bpf_object *object;
        struct bpf_map *ops;
        char name[64];
        size_t size = 0;
        int r;

        r = read_object(path, &buffer, &size, ret_why);
        if (r < 0)
                return r;
        r = check_elf(buffer, size, ret_why);
        if (r < 0)
                return r;

        /* The names of its maps begin with this: as libbpf makes it from a path. */
        snprintf(name, sizeof(name), "%s", basename(path));
        name[strcspn(name, ".")] = '\0';

        LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name[0] ? name : "object", .kernel_log_buf = log,
                    .kernel_log_size = log ? log_size : 0);
        object = bpf_object__open_mem(buffer, size, &options);
        if (!object)
                return fail(ret_why, errno == ENOMEM ? -ENOMEM : -ENOEXEC, "found a file that cannot be read as a BPF object");

        ops = find_ops(object);
        if (!ops) {
                bpf_object__close(object);
                return fail(ret_why, -ENOEXEC, "found a BPF object without a struct " OPS_TYPE ", expected a scheduler");
        }

        *ret = object;
        *ret_ops = ops;
        return 0;
}

/* Integers and bools that fill whole bytes; everything else has size 0. */
static void variable_set_type(ObjectVariable *v, const struct btf_type *t) {
        if (!t || !btf_is_int(t) || btf_int_offset(t) != 0 || btf_int_bits(t) != t->size * 8)
                return;
        if (t->size != 1 && t->size != 2 && t->size != 4 && t->size != 8)
                return;
        v->size = (uint8_t) t->size;
        v->is_bool = !!(btf_int_encoding(t) & BTF_INT_BOOL);
        v->is_signed = !!(btf_int_encoding(t) & BTF_INT_SIGNED);
}

static uint64_t read_integer(const void *place, size_t size, bool is_signed) {
        union {
                uint8_t u8;
                uint16_t u16;
                uint32_t u32;
                uint64_t u64;
        } v = {};

        memcpy(&v, place, size);
        switch (size) {
        case 1:
                return is_signed ? (uint64_t) (int8_t) v.u8 : v.u8;
        case 2:
                return is_signed ? (uint64_t) (int16_t) v.u16 : v.u16;
        case 4:
                return is_signed ? (uint64_t) (int32_t) v.u32 : v.u32;
        default:
                return v.u64;
        }
}

static int foreach_in_section(const struct bpf_object *object, const struct btf_type *section, const char *name, object_variable_t f,
                              void *userdata) {
        const struct btf *btf = bpf_object__btf(object);
        struct bpf_map *map = bpf_object__find_map_by_name(object, name);
        const struct btf_var_secinfo *info = btf_var_secinfos(section);
        size_t n_values = 0;
        char *values;
        int r;

        if (!map)
                return 0;
        values = bpf_map__initial_value(map, &n_values);
        if (!values)
                return 0;

        for (uint32_t i = 0; i < btf_vlen(section); i++, info++) {
                ObjectVariable v = { .section = startswith(name, ".rodata") ? OBJECT_SECTION_RODATA : OBJECT_SECTION_DATA };
                const struct btf_type *t = btf__type_by_id(btf, info->type);
                const char *variable;
                void *place = NULL;

                if (!t || !btf_is_var(t) || btf_var(t)->linkage != BTF_VAR_GLOBAL_ALLOCATED)
                        continue;
                variable = btf__name_by_offset(btf, t->name_off);
                if (!variable || !variable[0] || strlen(variable) >= sizeof(v.name))
                        continue;
                memcpy(v.name, variable, strlen(variable));

                variable_set_type(&v, skip_modifiers(btf, t->type));
                if (v.size > n_values || info->offset > n_values - v.size)
                        continue;
                if (v.size > 0) {
                        place = values + info->offset;
                        v.initial = read_integer(place, v.size, v.is_signed);
                }
                r = f(&v, place, userdata);
                if (r != 0)
                        return r;
        }
        return 0;
}

int object_foreach_variable(const struct bpf_object *object, object_variable_t f, void *userdata) {
        const struct btf *btf = bpf_object__btf(object);

        for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
                const struct btf_type *t = btf__type_by_id(btf, id);
                const char *name;
                int r;

                if (!t || !btf_is_datasec(t))
                        continue;
                name = btf__name_by_offset(btf, t->name_off);
                if (!name || (!startswith(name, ".rodata") && !startswith(name, ".data") && !startswith(name, ".bss")))
                        continue;
                r = foreach_in_section(object, t, name, f, userdata);
                if (r != 0)
                        return r;
        }
        return 0;
}

typedef struct Search {
        const char *name;
        ObjectVariable variable;
        void *place;
} Search;

static int match_variable(const ObjectVariable *v, void *place, void *userdata) {
        Search *search = userdata;

        if (!streq(v->name, search->name))
                return 0;
        search->variable = *v;
        search->place = place;
        return 1;
}

int object_find_variable(const struct bpf_object *object, const char *name, ObjectVariable *ret, void **ret_place) {
        Search search = { .name = name };

        if (object_foreach_variable(object, match_variable, &search) == 0)
                return -ENOENT;
        *ret = search.variable;
        *ret_place = search.place;
        return 0;
}

/* Those that can be knobs come first, so that large objects lose only the others. */
static int collect_integer(const ObjectVariable *v, void *place, void *userdata) {
        ObjectInfo *info = userdata;

        if (v->size > 0 && info->n_variables < OBJECT_VARIABLES_MAX)
                info->variables[info->n_variables++] = *v;
        return 0;
}

static int collect_other(const ObjectVariable *v, void *place, void *userdata) {
        ObjectInfo *info = userdata;

        if (v->size == 0 && info->n_variables < OBJECT_VARIABLES_MAX)
                info->variables[info->n_variables++] = *v;
        return 0;
}

static char complaint[WHY_MAX];

/* libbpf knows best what is wrong with a file: keep its last word instead of printing it. */
static int keep_complaint(enum libbpf_print_level level, const char *format, va_list ap) {
        if (level != LIBBPF_WARN)
                return 0;
        vsnprintf(complaint, sizeof(complaint), format, ap);
        complaint[strcspn(complaint, "\n")] = '\0';
        return 0;
}

int object_inspect_here(const char *path, ObjectInfo *ret, char **ret_why) {
        _cleanup_(freep) ObjectInfo *info = NULL;
        struct bpf_map *ops = NULL, *exits;
        struct bpf_object *object = NULL;
        libbpf_print_fn_t print;
        char *why = NULL;
        const char *name;
        int r;

        info = calloc(1, sizeof(*info));
        if (!info)
                return fail(ret_why, -ENOMEM, "out of memory");

        complaint[0] = '\0';
        print = libbpf_set_print(keep_complaint);
        r = object_open(path, NULL, 0, &object, &ops, &why);
        libbpf_set_print(print);
        if (r < 0) {
                const char *detail = startswith(complaint, "libbpf: ") ? complaint + strlen("libbpf: ") : complaint;

                r = fail(ret_why, r, "%s%s%s", strempty(why), detail[0] ? ": " : "", detail);
                free(why);
                return r;
        }

        name = object_ops_member(object, ops, "name", OBJECT_NAME_MAX);
        if (name)
                memcpy(info->ops_name, name, strnlen(name, OBJECT_NAME_MAX - 1));
        exits = bpf_object__find_map_by_name(object, SCXD_EXIT_MAP);
        info->has_exit_events = exits && bpf_map__type(exits) == BPF_MAP_TYPE_RINGBUF;
        object_foreach_variable(object, collect_integer, info);
        object_foreach_variable(object, collect_other, info);
        bpf_object__close(object);

        *ret = *info;
        return 0;
}

typedef struct InspectAnswer {
        int error;
        char why[WHY_MAX];
        ObjectInfo info;
} InspectAnswer;

static _Noreturn void inspect_child(int fd, const char *path, InspectAnswer *answer) {
        const struct rlimit cpu = { INSPECT_CPU_SECONDS, INSPECT_CPU_SECONDS }, core = {};
        char *why = NULL;
        size_t done = 0;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void) setrlimit(RLIMIT_CPU, &cpu);
        (void) setrlimit(RLIMIT_CORE, &core);
#ifndef __SANITIZE_ADDRESS__    /* which reserves terabytes of addresses */
        (void) setrlimit(RLIMIT_AS, &(struct rlimit) { INSPECT_MEMORY_MAX, INSPECT_MEMORY_MAX });
#endif

        answer->error = object_inspect_here(path, &answer->info, &why);
        if (answer->error < 0)
                snprintf(answer->why, sizeof(answer->why), "%s", why ?: "out of memory");

        while (done < sizeof(*answer)) {
                ssize_t n = write(fd, (const char *) answer + done, sizeof(*answer) - done);

                if (n < 0 && errno != EINTR)
                        _exit(EXIT_FAILURE);
                done += n > 0 ? (size_t) n : 0;
        }
        _exit(EXIT_SUCCESS);
}

int object_inspect(const char *path, ObjectInfo *ret, char **ret_why) {
        _cleanup_(freep) InspectAnswer *answer = NULL;
        _cleanup_(closep) int reader = -EBADF;
        size_t size = 0;
        int fds[2];
        pid_t pid;

        answer = calloc(1, sizeof(*answer));
        if (!answer)
                return fail(ret_why, -ENOMEM, "out of memory");
        if (pipe2(fds, O_CLOEXEC) < 0)
                return fail(ret_why, -errno, "cannot make a pipe: %m");
        reader = fds[0];

        pid = fork();
        if (pid < 0) {
                int error = -errno;

                safe_close(fds[1]);
                return fail(ret_why, error, "cannot start a process: %s", strerror(-error));
        }
        if (pid == 0)
                inspect_child(fds[1], path, answer);
        safe_close(fds[1]);

        while (size < sizeof(*answer)) {
                ssize_t n = read(reader, (char *) answer + size, sizeof(*answer) - size);

                if (n == 0 || (n < 0 && errno != EINTR))
                        break;
                size += n > 0 ? (size_t) n : 0;
        }
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;

        if (size < sizeof(*answer))
                return fail(ret_why, -EBADMSG, "found a damaged BPF object: reading it crashed or took too long");
        answer->why[WHY_MAX - 1] = '\0';
        if (answer->error < 0)
                return fail(ret_why, answer->error, "%s", answer->why);
        *ret = answer->info;
        return 0;
}
