/* SPDX-License-Identifier: GPL-2.0-only */

/* Looks into object.bpf.o (the argument), and into files that are no honest objects. */

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "loader-inspect.h"
#include "test.h"

static char directory[] = "/tmp/scxd-inspect-XXXXXX";
static char file[64];

static void write_file(const void *data, size_t size) {
        _cleanup_(closep) int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        ASSERT(fd >= 0);
        ASSERT_EQ(write(fd, data, size), size);
}

static char *read_all(const char *path, size_t *ret_size) {
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct stat st;
        char *p;

        ASSERT(fd >= 0);
        ASSERT(fstat(fd, &st) == 0);
        p = malloc((size_t) st.st_size);
        ASSERT(p);
        ASSERT_EQ(read(fd, p, (size_t) st.st_size), st.st_size);
        *ret_size = (size_t) st.st_size;
        return p;
}

static void test_object(const char *path) {
        static const struct {
                const char *name;
                ObjectSection section;
                uint8_t size;
                bool is_signed, is_bool;
                int64_t initial;
        } table[] = {
                { "constant_u32", OBJECT_SECTION_RODATA, 4, false, false, 7 },
                { "constant_s32", OBJECT_SECTION_RODATA, 4, true, false, -3 },
                { "constant_u64", OBJECT_SECTION_RODATA, 8, false, false, (int64_t) 0xfedcba9876543210 },
                { "constant_s64", OBJECT_SECTION_RODATA, 8, true, false, -5 },
                { "constant_u8", OBJECT_SECTION_RODATA, 1, false, false, 200 },
                { "constant_s8", OBJECT_SECTION_RODATA, 1, true, false, -100 },
                { "constant_u16", OBJECT_SECTION_RODATA, 2, false, false, 60000 },
                { "constant_s16", OBJECT_SECTION_RODATA, 2, true, false, -30000 },
                { "constant_bool", OBJECT_SECTION_RODATA, 1, false, true, 1 },
                { "constant_typedef", OBJECT_SECTION_RODATA, 4, false, false, 99 },
                { "constant_zero", OBJECT_SECTION_RODATA, 4, false, false, 0 },
                { "constant_elsewhere", OBJECT_SECTION_RODATA, 4, false, false, 5 },
                { "variable_u32", OBJECT_SECTION_DATA, 4, false, false, 8 },
                { "variable_s64", OBJECT_SECTION_DATA, 8, true, false, -9 },
                { "variable_bool", OBJECT_SECTION_DATA, 1, false, true, 0 },
                { "variable_zero", OBJECT_SECTION_DATA, 8, false, false, 0 },
                { "variable_elsewhere", OBJECT_SECTION_DATA, 8, false, false, 6 },
                { "a_name_of_sixty_three_characters_is_the_longest_that_fits_in_he", OBJECT_SECTION_DATA, 4, false, false, 1 },
                { "an_array", OBJECT_SECTION_DATA, 0, false, false, 0 },
                { "a_text", OBJECT_SECTION_DATA, 0, false, false, 0 },
                { "a_pointer", OBJECT_SECTION_DATA, 0, false, false, 0 },
                { "a_struct", OBJECT_SECTION_DATA, 0, false, false, 0 },
                { "a_wide_one", OBJECT_SECTION_DATA, 0, false, false, 0 },
        };
        static ObjectInfo info;
        char *why = NULL;

        ASSERT_OK(object_inspect(path, &info, &why));
        ASSERT_STREQ(info.ops_name, "test_1.0");
        ASSERT_EQ(info.has_exit_events, 1);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const ObjectVariable *v = object_info_find(&info, table[i].name);

                if (!v)
                        test_failed("no variable %s", table[i].name);
                ASSERT_STREQ(v->name, table[i].name);
                ASSERT_EQ(v->section, table[i].section);
                ASSERT_EQ(v->size, table[i].size);
                ASSERT_EQ(v->is_signed, table[i].is_signed);
                ASSERT_EQ(v->is_bool, table[i].is_bool);
                ASSERT_EQ(v->initial, table[i].initial);
        }
        ASSERT_EQ(info.n_variables, ELEMENTSOF(table));
}

static void test_open(const char *path) {
        struct bpf_object *object = NULL;
        struct bpf_map *ops = NULL;
        ObjectVariable v;
        uint32_t *timeout;
        void *place = NULL;
        char *why = NULL;

        ASSERT_OK(object_open(path, NULL, 0, &object, &ops, &why));
        ASSERT(object_map_is_ops(object, ops));
        timeout = object_ops_member(object, ops, "timeout_ms", sizeof(*timeout));
        ASSERT(timeout);
        ASSERT_EQ(*timeout, 1234);
        ASSERT(!object_ops_member(object, ops, "timeout_ms", 8));
        ASSERT(!object_ops_member(object, ops, "enqueue", 8));          /* a callback is no value */
        ASSERT(!object_ops_member(object, ops, "nothing", 4));

        ASSERT_OK(object_find_variable(object, "constant_u32", &v, &place));
        ASSERT_EQ(*(uint32_t *) place, 7);
        ASSERT_OK(object_find_variable(object, "an_array", &v, &place));
        ASSERT(!place);
        ASSERT_EQ(object_find_variable(object, "not_global", &v, &place), -ENOENT);
        ASSERT_EQ(object_find_variable(object, "_license", &v, &place), -ENOENT);
        bpf_object__close(object);
}

/* An error with a reason, and the answer untouched. */
static void check_refused(const char *path, int error, const char *reason) {
        static ObjectInfo info, before;
        _cleanup_(freep) char *why = NULL;
        int r;

        memset(&info, 0x5a, sizeof(info));
        memset(&before, 0x5a, sizeof(before));
        r = object_inspect(path, &info, &why);
        ASSERT_EQ(r, error);
        ASSERT(why);
        if (!strstr(why, reason))
                test_failed("found the reason \"%s\", expected \"%s\"", why, reason);
        ASSERT(!strchr(why, '\n'));
        ASSERT(memcmp(&info, &before, sizeof(info)) == 0);
}

static void test_refused(const char *path) {
        _cleanup_(freep) char *object = NULL;
        size_t size;

        object = read_all(path, &size);
        check_refused("/nonexistent/object.bpf.o", -ENOENT, "cannot open the file");
        check_refused(directory, -EINVAL, "no regular file");
        check_refused("/dev/zero", -EINVAL, "no regular file");
        check_refused("/proc/self/exe", -ENOEXEC, "another machine");

        ASSERT(mkfifo(file, 0600) == 0);
        check_refused(file, -EINVAL, "no regular file");
        ASSERT(unlink(file) == 0);

        write_file("", 0);
        check_refused(file, -ENOEXEC, "empty file");
        write_file("\177EL", 3);
        check_refused(file, -ENOEXEC, "no ELF file");
        write_file("name: simple\nkind: bpf\nThis is no object but it is long enough to be mistaken for one.\n", 88);
        check_refused(file, -ENOEXEC, "no ELF file");
        write_file(object, 64);
        check_refused(file, -ENOEXEC, "cannot be read as a BPF object");
        write_file(object, size / 2);
        check_refused(file, -ENOEXEC, "cannot be read as a BPF object");
        ASSERT(truncate(file, (off_t) OBJECT_SIZE_MAX + 1) == 0);
        check_refused(file, -EFBIG, "65 MiB, expected at most 64");
        ASSERT(truncate(file, OBJECT_SIZE_MAX) == 0);
        check_refused(file, -ENOEXEC, "cannot be read as a BPF object");
}

/* Damaged anywhere: an error or an answer, and this process lives. Always the same damage. */
static void test_damaged(const char *path) {
        static ObjectInfo info;
        uint64_t seed = 88172645463325252;
        _cleanup_(freep) char *object = NULL, *damaged = NULL;
        unsigned n_refused = 0;
        size_t size;

        object = read_all(path, &size);
        damaged = malloc(size);
        ASSERT(damaged);
        for (unsigned i = 0; i < 300; i++) {
                _cleanup_(freep) char *why = NULL;
                int r;

                memcpy(damaged, object, size);
                for (unsigned k = 0; k <= i % 8; k++) {
                        seed ^= seed << 13;
                        seed ^= seed >> 7;
                        seed ^= seed << 17;
                        damaged[seed % size] = (char) (seed >> 32);
                }
                write_file(damaged, i % 5 == 0 ? seed % size : size);
                r = object_inspect(file, &info, &why);
                ASSERT(r <= 0);
                ASSERT(r == 0 || (why && why[0]));
                n_refused += r < 0;
        }
        ASSERT(n_refused > 60);
        ASSERT_EQ(waitpid(-1, NULL, WNOHANG), -1);      /* and no child is left */
}


/* An offset in BTF that makes libbpf 1.5 read 4 GiB behind the file. It is the child that dies of it; a better libbpf refuses. */
static void test_crash(const char *path) {
        static ObjectInfo info;
        _cleanup_(freep) char *object = NULL, *why = NULL;
        struct btf *btf = btf__parse_elf(path, NULL);
        struct btf_type *t;
        const void *raw;
        uint32_t n_raw;
        size_t size;
        char *place;
        int id, r;

        object = read_all(path, &size);
        ASSERT(btf);
        raw = btf__raw_data(btf, &n_raw);
        ASSERT(raw);
        place = memmem(object, size, raw, n_raw);
        ASSERT(place);
        id = ASSERT_OK(btf__find_by_name_kind(btf, ".struct_ops.link", BTF_KIND_DATASEC));
        t = (struct btf_type *) btf__type_by_id(btf, (uint32_t) id);
        t->size = 4096;         /* as a linker leaves it: offsets are taken as they are */
        btf_var_secinfos(t)->offset = 0xffffff80;
        memcpy(place, raw, n_raw);
        btf__free(btf);

        write_file(object, size);
        r = object_inspect(file, &info, &why);
        ASSERT(r < 0);
        ASSERT(why);
        ASSERT(strstr(why, "crashed or took too long") || strstr(why, "cannot be read as a BPF object"));
}

int main(int argc, char *argv[]) {
        ASSERT_EQ(argc, 2);
        ASSERT(mkdtemp(directory));
        snprintf(file, sizeof(file), "%s/object.bpf.o", directory);

        test_object(argv[1]);
        test_open(argv[1]);
        test_refused(argv[1]);
        test_damaged(argv[1]);
        test_crash(argv[1]);

        unlink(file);
        rmdir(directory);
        return 0;
}
