/* SPDX-License-Identifier: GPL-2.0-only */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "loader-inspect.h"
#include "loader-load.h"
#include "scxd-exit.h"
#include "verifier-log.h"

/* An errno that the bpf system call has no use for. */
#define LINK_REFUSED ENOTNAM

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__loongarch64)
#define ARCH AUDIT_ARCH_LOONGARCH64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#else
#error "the system call filter does not know this architecture"
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARG_LOW(i) (offsetof(struct seccomp_data, args[i]))
#else
#define ARG_LOW(i) (offsetof(struct seccomp_data, args[i]) + 4)
#endif

int loader_forbid_links(void) {
        /* Calls of another ABI (32-bit, x32) are not told apart here, so they end the process. */
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_bpf, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARG_LOW(0)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BPF_LINK_CREATE, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | LINK_REFUSED),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const struct sock_fprog program = { .len = ELEMENTSOF(code), .filter = code };

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
                return -errno;
        return 0;
}

int loader_drop_privileges(void) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
        const uint32_t keep = CAP_TO_MASK(CAP_PERFMON) | CAP_TO_MASK(CAP_BPF); /* both in the upper word */

        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        data[0] = (struct __user_cap_data_struct) {};
        data[1].permitted &= keep;
        data[1].effective = data[1].permitted;
        data[1].inheritable = 0;
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static BoundedLog printed;
/* The kernel keeps the end of a longer log. With a buffer of libbpf's, which has to hold it all, logs of 60 MB were seen, and one
 * more run of the verifier for each time it was too small. */
static char verifier_log[256 * 1024];

static void clear_output(void) {
        bounded_log_clear(&printed);
        verifier_log[0] = '\0';
}

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
        reply->error = error;
        return error;
}

/* With what libbpf and the verifier said, if they said anything, else the given text. */
static int fail_with_log(LoaderReply *reply, LoaderStage stage, int error, const char *otherwise) {
        _cleanup_(freep) char *text = NULL, *explained = NULL;

        if (verifier_log[0]) {
                static const char begin[] = VERIFIER_LOG_BEGIN "\n", end[] = "\n" VERIFIER_LOG_END "\n";

                bounded_log_append(&printed, begin, strlen(begin));
                bounded_log_append(&printed, verifier_log, strnlen(verifier_log, sizeof(verifier_log)));
                bounded_log_append(&printed, end, strlen(end));
        }
        text = bounded_log_text(&printed);
        explained = text ? verifier_log_explain(text) : NULL;
        return fail(reply, stage, error, "%s", explained && explained[0] ? explained : otherwise);
}

static bool knob_fits(const LoaderKnob *k, const ObjectVariable *v) {
        switch ((KnobType) k->type) {
        case KNOB_TYPE_BOOL:
                return v->is_bool && k->value <= 1;
        case KNOB_TYPE_U32:
                return v->size == 4 && !v->is_signed && !v->is_bool && k->value <= UINT32_MAX;
        case KNOB_TYPE_S32:
                return v->size == 4 && v->is_signed && (int64_t) k->value == (int32_t) k->value;
        case KNOB_TYPE_U64:
                return v->size == 8 && !v->is_signed && !v->is_bool;
        case KNOB_TYPE_S64:
                return v->size == 8 && v->is_signed;
        default:
                return false;
        }
}

static void store(void *place, size_t size, uint64_t value) {
        if (size == 1)
                memcpy(place, &(uint8_t) { (uint8_t) value }, 1);
        else if (size == 2)
                memcpy(place, &(uint16_t) { (uint16_t) value }, 2);
        else if (size == 4)
                memcpy(place, &(uint32_t) { (uint32_t) value }, 4);
        else
                memcpy(place, &value, 8);
}

static const char *variable_type(const ObjectVariable *v) {
        switch (v->is_bool ? 0 : v->size) {
        case 1:
                return v->is_signed ? "s8" : "u8";
        case 2:
                return v->is_signed ? "s16" : "u16";
        case 4:
                return v->is_signed ? "s32" : "u32";
        case 8:
                return v->is_signed ? "s64" : "u64";
        default:
                return v->is_bool ? "bool" : "no integer";
        }
}

static int set_knob(const struct bpf_object *object, const LoaderKnob *k, LoaderReply *reply) {
        ObjectVariable v;
        void *place;

        if (object_find_variable(object, k->name, &v, &place) < 0)
                return fail(reply, LOADER_STAGE_KNOBS, -ENOENT, "the scheduler has no global variable \"%s\"", k->name);
        if (k->set == KNOB_SET_LOAD && v.section != OBJECT_SECTION_RODATA)
                return fail(reply, LOADER_STAGE_KNOBS, -EINVAL, "\"%s\" is a variable of the scheduler, expected a constant (.rodata)",
                            k->name);
        if (k->set == KNOB_SET_LIVE && v.section != OBJECT_SECTION_DATA)
                return fail(reply, LOADER_STAGE_KNOBS, -EINVAL,
                            "\"%s\" is a constant of the scheduler, expected a variable (.data, .bss)", k->name);
        if (!knob_fits(k, &v))
                return fail(reply, LOADER_STAGE_KNOBS, -EINVAL, "\"%s\" is %s in the scheduler, which cannot take this value of type %s",
                            k->name, variable_type(&v), knob_type_to_string(k->type));
        store(place, v.size, k->value);
        return 0;
}

/* scx's own schedulers keep the kernel's constants in variables "__SCX_…" that whoever loads them fills in from BTF. */
typedef struct Constants {
        struct btf *kernel;
        int error;
} Constants;

static int find_constant(const struct btf *btf, const char *name, uint64_t *ret) {
        for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
                const struct btf_type *t = btf__type_by_id(btf, id);

                if (!btf_is_any_enum(t))
                        continue;
                for (uint32_t i = 0; i < btf_vlen(t); i++) {
                        bool wide = btf_is_enum64(t);
                        uint32_t name_off = wide ? btf_enum64(t)[i].name_off : btf_enum(t)[i].name_off;

                        if (!streq_ptr(btf__name_by_offset(btf, name_off), name))
                                continue;
                        *ret = wide ? btf_enum64_value(btf_enum64(t) + i) : (uint64_t) (int64_t) btf_enum(t)[i].val;
                        return 0;
                }
        }
        return -ENOENT;
}

static int fill_constant(const ObjectVariable *v, void *place, void *userdata) {
        Constants *c = userdata;
        uint64_t value;

        if (!startswith(v->name, "__SCX_") || v->size != 8 || v->initial != 0)
                return 0;
        if (!c->kernel) {
                c->kernel = btf__load_vmlinux_btf();
                if (!c->kernel) {
                        c->error = -errno;
                        return 1;
                }
        }
        if (find_constant(c->kernel, v->name + 2, &value) >= 0)
                store(place, 8, value);
        return 0;
}

static int fill_constants(const struct bpf_object *object) {
        Constants c = {};

        object_foreach_variable(object, fill_constant, &c);
        btf__free(c.kernel);
        return c.error;
}

static const struct btf_type *resolve(const struct btf *btf, uint32_t id) {
        const struct btf_type *t = btf__type_by_id(btf, id);

        while (t && (btf_is_mod(t) || btf_is_typedef(t)))
                t = btf__type_by_id(btf, t->type);
        return t;
}

static bool has_member(const struct btf *btf, const struct btf_type *t, const char *name) {
        for (uint32_t i = 0; i < btf_vlen(t); i++)
                if (streq_ptr(btf__name_by_offset(btf, btf_members(t)[i].name_off), name))
                        return true;
        return false;
}

static bool is_zero(const char *p, size_t size) {
        for (size_t i = 0; i < size; i++)
                if (p[i] != 0)
                        return false;
        return true;
}

/* Takes out callbacks that are newer than this kernel, which would never call them. Any other member that is set and unknown here
 * is an error: leaving it out would change what the scheduler does. */
static int drop_unknown_callbacks(const struct bpf_object *object, const struct bpf_map *ops, const struct btf *kernel,
                                  LoaderReply *reply) {
        const struct btf *btf = bpf_object__btf(object);
        const struct btf_type *t = btf__type_by_id(btf, bpf_map__btf_value_type_id(ops)), *kernel_type;
        char *value = bpf_map__initial_value((struct bpf_map *) ops, NULL);
        int id, n = 0;

        id = btf__find_by_name_kind(kernel, "sched_ext_ops", BTF_KIND_STRUCT);
        if (id < 0)
                return fail(reply, LOADER_STAGE_LOAD, -ENOTSUP, "this kernel has no sched_ext");
        kernel_type = btf__type_by_id(kernel, (uint32_t) id);

        for (uint32_t i = 0; i < btf_vlen(t); i++) {
                const struct btf_member *m = btf_members(t) + i;
                const struct btf_type *mt = resolve(btf, m->type), *target = mt && btf_is_ptr(mt) ? resolve(btf, mt->type) : NULL;
                const char *name = btf__name_by_offset(btf, m->name_off);
                int64_t size = btf__resolve_size(btf, m->type);
                char *place = value + m->offset / 8;

                if (size < 0 || is_zero(place, (size_t) size) || has_member(kernel, kernel_type, name))
                        continue;
                if (!target || !btf_is_func_proto(target))
                        return fail(reply, LOADER_STAGE_LOAD, -ENOTSUP, "the scheduler sets ops.%s, which this kernel does not have",
                                    name);
                fprintf(stderr, "%s: left out ops.%s, which this kernel does not have\n", reply->ops_name, name);
                memset(place, 0, (size_t) size);
                n++;
        }
        return n;
}

/* Opens the object and makes all settings; not loaded yet. */
static int open_and_set(const LoaderRequest *request, LoaderReply *reply, struct bpf_object **ret, struct bpf_map **ret_ops) {
        struct bpf_map *map, *ops = NULL;
        struct bpf_object *object = NULL;
        char *why = NULL, *name;
        uint32_t *timeout;
        int r;

        r = object_open(request->path, verifier_log, sizeof(verifier_log), &object, &ops, &why);
        if (r < 0) {
                fail_with_log(reply, LOADER_STAGE_OPEN, r, why ?: "out of memory");
                free(why);
                return r;
        }

        name = object_ops_member(object, ops, "name", OBJECT_NAME_MAX);
        if (!name || !name[0] || strnlen(name, OBJECT_NAME_MAX) == OBJECT_NAME_MAX) {
                r = fail(reply, LOADER_STAGE_OPEN, -EINVAL, "the scheduler has no name in its ops");
                goto failed;
        }
        memcpy(reply->ops_name, name, strlen(name));

        for (uint32_t i = 0; i < request->n_knobs; i++) {
                r = set_knob(object, request->knobs + i, reply);
                if (r < 0)
                        goto failed;
        }

        if (request->timeout_ms > 0) {
                timeout = object_ops_member(object, ops, "timeout_ms", sizeof(*timeout));
                if (!timeout) {
                        r = fail(reply, LOADER_STAGE_KNOBS, -EINVAL, "the scheduler's ops have no timeout_ms to set");
                        goto failed;
                }
                *timeout = request->timeout_ms;
        }

        r = fill_constants(object);
        if (r < 0) {
                fail(reply, LOADER_STAGE_LOAD, r, "cannot read the kernel's BTF: %s", strerror(-r));
                goto failed;
        }

        bpf_object__for_each_map(map, object) {
                /* No traces in the bpf file system, and one scheduler only. */
                r = bpf_map__set_pin_path(map, NULL);
                if (r >= 0 && map != ops && object_map_is_ops(object, map))
                        r = bpf_map__set_autocreate(map, false);
                if (r < 0)
                        break;
        }
        /* Without BPF_F_LINK, installing the ops would enable the scheduler on the spot. */
        if (r >= 0)
                r = bpf_map__set_autocreate(ops, true);
        if (r >= 0)
                r = bpf_map__set_map_flags(ops, bpf_map__map_flags(ops) | BPF_F_LINK);
        if (r < 0) {
                fail(reply, LOADER_STAGE_OPEN, r, "cannot set up the scheduler's maps: %s", strerror(-r));
                goto failed;
        }

        *ret = object;
        *ret_ops = ops;
        return 0;

failed:
        bpf_object__close(object);
        return r;
}

static int load_failed(LoaderReply *reply, int error) {
        char otherwise[128];

        /* libbpf's own numbers, and what the kernel says when only the end of the log fitted */
        if (error < -511 || (error == -ENOSPC && verifier_log[0]))
                error = -EINVAL;
        if (error == -EPERM)
                snprintf(otherwise, sizeof(otherwise), "not permitted: loading needs CAP_BPF and CAP_PERFMON");
        else
                snprintf(otherwise, sizeof(otherwise), "the kernel refused the scheduler: %s", strerror(-error));
        return fail_with_log(reply, LOADER_STAGE_LOAD, error, otherwise);
}

/* libbpf said -ENOTSUP: it does so when the ops have members that the kernel lacks. Tries again without them. */
static int load_again(const LoaderRequest *request, LoaderReply *reply, struct bpf_object **ret, struct bpf_map **ret_ops) {
        struct bpf_object *object = NULL;
        struct bpf_map *ops = NULL;
        struct btf *kernel;
        int r;

        r = open_and_set(request, reply, &object, &ops);
        if (r < 0)
                return r;
        kernel = btf__load_vmlinux_btf();
        if (!kernel) {
                r = load_failed(reply, -errno);
                goto failed;
        }
        r = drop_unknown_callbacks(object, ops, kernel, reply);
        btf__free(kernel);
        if (r < 0)
                goto failed;
        if (r == 0) {
                r = load_failed(reply, -ENOTSUP);
                goto failed;
        }

        clear_output();
        r = bpf_object__load(object);
        if (r < 0) {
                r = load_failed(reply, r);
                goto failed;
        }
        *ret = object;
        *ret_ops = ops;
        return 0;

failed:
        bpf_object__close(object);
        return r;
}

static int load(const LoaderRequest *request, LoaderReply *reply, struct bpf_object **ret, struct bpf_map **ret_ops) {
        struct bpf_object *object = NULL;
        struct bpf_map *ops = NULL;
        int r;

        r = open_and_set(request, reply, &object, &ops);
        if (r < 0)
                return r;
        r = bpf_object__load(object);
        if (r < 0) {
                bpf_object__close(object);      /* an object can be loaded only once */
                return r == -ENOTSUP ? load_again(request, reply, ret, ret_ops) : load_failed(reply, r);
        }
        *ret = object;
        *ret_ops = ops;
        return 0;
}

/* The kernel's own state of a struct_ops map, which begins its value: reference count, then enum bpf_struct_ops_state. */
static int ops_state(const struct bpf_map *ops, uint32_t *ret) {
        _cleanup_(freep) uint32_t *value = NULL;
        const uint32_t zero = 0;

        if (bpf_map__value_size(ops) < 2 * sizeof(*value))
                return -EINVAL;
        value = calloc(1, bpf_map__value_size(ops));
        if (!value)
                return -ENOMEM;
        if (bpf_map_lookup_elem(bpf_map__fd(ops), &zero, value) < 0)
                return -errno;
        *ret = value[1];
        return 0;
}

#define OPS_STATE_READY 3u      /* BPF_STRUCT_OPS_STATE_READY: installed, and waiting for a link */

static int prepare(struct bpf_map *ops, LoaderReply *reply) {
        struct bpf_link *link;
        uint32_t state = 0;
        int r;

        link = bpf_map__attach_struct_ops(ops);
        r = -errno;
        if (link) {
                /* Only without the filter of loader_forbid_links(). */
                bpf_link__destroy(link);
                return fail(reply, LOADER_STAGE_PREPARE, -ENOTRECOVERABLE, "the loader is not confined as it has to be");
        }
        if (r == -E2BIG)
                return fail(reply, LOADER_STAGE_PREPARE, r, "the kernel refused the scheduler's ops: a value is too large "
                            "(the stall timeout may be 30 s at most)");
        if (r == -EINVAL)
                return fail(reply, LOADER_STAGE_PREPARE, r, "the kernel refused the scheduler's ops: it does not know one of the flags, "
                            "or does not accept the name or another value");
        if (r != -LINK_REFUSED)
                return fail(reply, LOADER_STAGE_PREPARE, r, "the kernel refused the scheduler's ops: %s", strerror(-r));

        r = ops_state(ops, &state);
        if (r < 0)
                return fail(reply, LOADER_STAGE_PREPARE, r, "cannot read the state of the scheduler's ops: %s", strerror(-r));
        if (state != OPS_STATE_READY)
                return fail(reply, LOADER_STAGE_PREPARE, -EPROTO, "the kernel did not get the scheduler's ops ready (state %u)",
                            state);
        return 0;
}

static int hand_over(const struct bpf_object *object, const struct bpf_map *ops, LoaderReply *reply,
                     int fds[static LOADER_FDS_MAX], size_t *ret_n_fds) {
        const struct {
                uint32_t bit;
                const struct bpf_map *map;
        } table[] = {
                { LOADER_FD_OPS, ops },
                { LOADER_FD_EXIT, bpf_object__find_map_by_name(object, SCXD_EXIT_MAP) },
                { LOADER_FD_GLOBALS, bpf_object__find_map_by_name(object, ".data") },
                { LOADER_FD_BSS, bpf_object__find_map_by_name(object, ".bss") },
        };
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int fd = table[i].map ? bpf_map__fd(table[i].map) : -EBADF;

                if (fd < 0 || (table[i].bit == LOADER_FD_EXIT && bpf_map__type(table[i].map) != BPF_MAP_TYPE_RINGBUF))
                        continue;
                fd = fcntl(fd, F_DUPFD_CLOEXEC, 4);
                if (fd < 0) {
                        int r = fail(reply, LOADER_STAGE_PREPARE, -errno, "cannot hand over the scheduler: %m");

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

/* Where the live knobs are, for whoever holds the fds: offsets into what is handed over. */
static void locate_globals(const struct bpf_object *object, const LoaderRequest *request, LoaderReply *reply) {
        const struct {
                uint32_t bit;
                struct bpf_map *map;
        } table[] = {
                { LOADER_FD_GLOBALS, bpf_object__find_map_by_name(object, ".data") },
                { LOADER_FD_BSS, bpf_object__find_map_by_name(object, ".bss") },
        };

        reply->globals.n = 0;
        for (uint32_t i = 0; i < request->n_knobs; i++) {
                const LoaderKnob *k = request->knobs + i;
                ObjectVariable v;
                void *place;

                if (k->set != KNOB_SET_LIVE || object_find_variable(object, k->name, &v, &place) < 0)
                        continue;
                for (size_t j = 0; j < ELEMENTSOF(table); j++) {
                        LoaderGlobal *g = reply->globals.items + reply->globals.n;
                        size_t size = 0;
                        char *begin = table[j].map ? bpf_map__initial_value(table[j].map, &size) : NULL;

                        if (!begin || !(reply->fds & table[j].bit) || (char *) place < begin || (char *) place + v.size > begin + size)
                                continue;
                        *g = (LoaderGlobal) { .fd = table[j].bit, .offset = (uint32_t) ((char *) place - begin), .size = v.size };
                        memcpy(g->name, k->name, sizeof(g->name));
                        reply->globals.n++;
                        break;
                }
        }
}

void loader_load(const LoaderRequest *request, LoaderReply *reply, int fds[static LOADER_FDS_MAX], size_t *ret_n_fds) {
        struct bpf_object *object = NULL;
        struct bpf_map *ops = NULL;

        clear_output();
        libbpf_set_print(keep_output);
        *ret_n_fds = 0;

        if (load(request, reply, &object, &ops) < 0)
                return;
        if (prepare(ops, reply) >= 0 && hand_over(object, ops, reply, fds, ret_n_fds) >= 0)
                locate_globals(object, request, reply);
        bpf_object__close(object);
}
