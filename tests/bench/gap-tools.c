/* SPDX-License-Identifier: GPL-2.0-only */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "gap-tools.h"

extern char **environ;

#define THREADS_MAX 20000u

/* --- programs --- */

/* With its output in *ret_output, if wanted; else thrown away. quiet: its errors, too. */
static int start(const char *const argv[], bool quiet, int *ret_output, pid_t *ret) {
        posix_spawn_file_actions_t actions;
        int fds[2] = { -EBADF, -EBADF }, r;
        pid_t pid;

        if (ret_output && pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        posix_spawn_file_actions_init(&actions);
        if (ret_output)
                r = posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
        else
                r = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        if (r == 0 && quiet)
                r = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        if (r == 0)
                r = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *) argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        safe_close(fds[1]);
        if (r != 0) {
                safe_close(fds[0]);
                fprintf(stderr, "%s: cannot start it: %s\n", argv[0], strerror(r));
                return -r;
        }
        if (ret_output)
                *ret_output = fds[0];
        *ret = pid;
        return 0;
}

static int wait_for(pid_t pid) {
        int status;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_program(const char *const argv[], bool quiet) {
        pid_t pid;
        int r;

        r = start(argv, quiet, NULL, &pid);
        return r < 0 ? r : wait_for(pid);
}

static ssize_t read_line(int fd, char *buf, size_t size) {
        size_t n = 0;

        while (n < size - 1) {
                ssize_t k = read(fd, buf + n, 1);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0 || buf[n] == '\n')
                        break;
                n++;
        }
        buf[n] = '\0';
        return (ssize_t) n;
}

int run_for_line(const char *const argv[], char *ret, size_t size) {
        _cleanup_(closep) int output = -EBADF;
        char line[256], rest[256];
        pid_t pid;
        int r;

        r = start(argv, false, &output, &pid);
        if (r < 0)
                return r;
        (void) read_line(output, line, sizeof(line));
        while (read(output, rest, sizeof(rest)) > 0)
                ;
        r = wait_for(pid);
        if (r == 0)
                snprintf(ret, size, "%s", line);
        return r;
}

int start_and_wait(const char *const argv[], pid_t *ret) {
        _cleanup_(closep) int output = -EBADF;
        char line[256];
        pid_t pid;
        int r;

        r = start(argv, false, &output, &pid);
        if (r < 0)
                return r;
        if (read_line(output, line, sizeof(line)) <= 0) {
                (void) kill(pid, SIGKILL);
                (void) wait_for(pid);
                return -EPIPE;
        }
        *ret = pid;
        return 0;
}

int interrupt_and_wait(pid_t pid) {
        int r;

        if (kill(pid, SIGINT) < 0)
                return -errno;
        r = wait_for(pid);
        return r > 0 ? -EPIPE : r;
}

/* --- the crowd --- */

static void *sleeper(void *arg) {
        for (;;)
                pause();
        return NULL;
}

static void *busy(void *arg) {
        volatile uint64_t n = 0;

        for (;;)
                n = n + 1;
        return NULL;
}

static void crowd(unsigned n_threads, unsigned n_busy, int ready) {
        pthread_attr_t attr;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void) prctl(PR_SET_NAME, "crowd");
        pthread_attr_init(&attr);
        pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN);
        for (unsigned i = 1; i < n_threads; i++) {
                pthread_t t;
                int r = pthread_create(&t, &attr, i <= n_busy ? busy : sleeper, NULL);

                if (r != 0) {
                        fprintf(stderr, "cannot start thread %u of %u: %s\n", i, n_threads, strerror(r));
                        _exit(EXIT_FAILURE);
                }
        }
        if (write(ready, "\n", 1) == 1)
                (void) sleeper(NULL);
        _exit(EXIT_FAILURE);
}

int crowd_start(unsigned n_threads, unsigned n_busy, pid_t *ret) {
        int fds[2];
        pid_t pid;
        char c;

        if (n_threads > THREADS_MAX)
                return -E2BIG;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        fflush(NULL);
        pid = fork();
        if (pid == 0)
                crowd(n_threads, n_busy, fds[1]);
        safe_close(fds[1]);
        if (pid < 0 || read(fds[0], &c, 1) != 1) {
                safe_close(fds[0]);
                if (pid > 0)
                        crowd_end(pid);
                return -EAGAIN;
        }
        safe_close(fds[0]);
        *ret = pid;
        return 0;
}

void crowd_end(pid_t pid) {
        (void) kill(pid, SIGKILL);
        (void) wait_for(pid);
}

/* --- BPF programs' memory --- */

/* Its fd and what the kernel says of it. */
static int open_newest(const char *name, struct bpf_map_info *ret) {
        int best = -ENOENT;
        uint32_t id = 0;

        while (bpf_map_get_next_id(id, &id) >= 0) {
                struct bpf_map_info info = {};
                uint32_t size = sizeof(info);
                int fd = bpf_map_get_fd_by_id(id);

                if (fd < 0 || bpf_map_get_info_by_fd(fd, &info, &size) < 0 || !streq(info.name, name)) {
                        safe_close(fd);
                        continue;
                }
                if (best >= 0)
                        safe_close(best);
                best = fd;
                *ret = info;
        }
        return best;
}

uint32_t newest_map(const char *name) {
        struct bpf_map_info info;
        int fd = open_newest(name, &info);

        if (fd < 0)
                return 0;
        safe_close(fd);
        return info.id;
}

static int find_variable(const struct bpf_map_info *info, const char *name, uint32_t *ret_offset, uint32_t *ret_size) {
        struct btf *btf = btf__load_from_kernel_by_id(info->btf_id);
        const struct btf_type *section = btf ? btf__type_by_id(btf, info->btf_value_type_id) : NULL;
        int r = -ENOENT;

        if (section && btf_is_datasec(section)) {
                const struct btf_var_secinfo *v = btf_var_secinfos(section);

                for (uint16_t i = 0; i < btf_vlen(section); i++, v++) {
                        const struct btf_type *t = btf__type_by_id(btf, v->type);

                        if (t && streq(btf__name_by_offset(btf, t->name_off), name) && v->size <= sizeof(uint64_t)) {
                                *ret_offset = v->offset;
                                *ret_size = v->size;
                                r = 0;
                        }
                }
        }
        btf__free(btf);
        return r;
}

static int variable(const char *map, const char *name, uint64_t *ret, const uint64_t *value) {
        _cleanup_(closep) int fd = -EBADF;
        struct bpf_map_info info;
        uint32_t offset, size;
        char *memory;
        int r;

        fd = open_newest(map, &info);
        if (fd < 0)
                return fd;
        r = find_variable(&info, name, &offset, &size);
        if (r < 0)
                return r;
        memory = mmap(NULL, info.value_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (memory == MAP_FAILED)
                return -errno;
        /* All machines that this runs on are little-endian. */
        if (value)
                memcpy(memory + offset, value, size);
        else {
                *ret = 0;
                memcpy(ret, memory + offset, size);
        }
        (void) munmap(memory, info.value_size);
        return 0;
}

int variable_read(const char *map, const char *name, uint64_t *ret) {
        return variable(map, name, ret, NULL);
}

int variable_write(const char *map, const char *name, uint64_t value) {
        return variable(map, name, NULL, &value);
}
