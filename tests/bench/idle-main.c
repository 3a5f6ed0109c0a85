/* SPDX-License-Identifier: GPL-2.0-only */

/* The part of the bench idle that runs in the guest: watches a process for some time without touching it, and prints a JSON object.
 *
 *   idle-guest PID SECONDS */

#include <bpf/libbpf.h>
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "gap-trace.h"
#include "idle.h"

#define SECONDS_MAX 3600u

typedef struct Usage {
        unsigned n_threads;
        uint64_t voluntary, involuntary;        /* context switches of all threads */
        uint64_t cpu_nsec;                      /* of all threads that live */
        uint64_t private_bytes;
} Usage;

static void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void die(const char *format, ...) {
        va_list ap;

        fputs("idle-guest: ", stderr);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputc('\n', stderr);
        exit(EXIT_FAILURE);
}

static FILE *open_of(pid_t pid, const char *name) {
        char path[PATH_MAX];
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, name);
        f = fopen(path, "re");
        if (!f)
                die("%s: %s", path, strerror(errno));
        return f;
}

/* The number after the name of each line that begins so, added up. */
static uint64_t sum_of(pid_t pid, const char *file, const char *name) {
        FILE *f = open_of(pid, file);
        char line[256];
        uint64_t sum = 0;
        unsigned n = 0;

        while (fgets(line, sizeof(line), f))
                if (startswith(line, name)) {
                        sum += strtoull(line + strlen(name), NULL, 10);
                        n++;
                }
        fclose(f);
        if (n == 0)
                die("/proc/%d/%s has no %s", (int) pid, file, name);
        return sum;
}

static void measure(pid_t pid, Usage *ret) {
        Usage u = {};
        char path[PATH_MAX];
        struct dirent *e;
        DIR *d;

        snprintf(path, sizeof(path), "/proc/%d/task", (int) pid);
        d = opendir(path);
        if (!d)
                die("%s: %s", path, strerror(errno));
        while ((e = readdir(d))) {
                char name[300];
                uint64_t nsec;
                FILE *f;

                if (e->d_name[0] == '.')
                        continue;
                u.n_threads++;
                snprintf(name, sizeof(name), "task/%s/status", e->d_name);
                u.voluntary += sum_of(pid, name, "voluntary_ctxt_switches:");
                u.involuntary += sum_of(pid, name, "nonvoluntary_ctxt_switches:");
                snprintf(name, sizeof(name), "task/%s/schedstat", e->d_name);
                f = open_of(pid, name);
                if (fscanf(f, "%" SCNu64, &nsec) != 1)
                        die("/proc/%d/%s cannot be understood", (int) pid, name);
                fclose(f);
                u.cpu_nsec += nsec;
        }
        closedir(d);
        u.private_bytes = (sum_of(pid, "smaps_rollup", "Private_Clean:") + sum_of(pid, "smaps_rollup", "Private_Dirty:")) * 1024;
        *ret = u;
}

int main(int argc, char *argv[]) {
        char path[PATH_MAX], *slash;
        struct bpf_object *object;
        struct bpf_program *program;
        struct bpf_map *map;
        const volatile struct idle_counts *counts;
        Usage before, after;
        unsigned seconds;
        size_t size = 0;
        ssize_t n;
        pid_t pid;

        if (argc != 3)
                die("takes a process and a number of seconds");
        pid = atoi(argv[1]);
        seconds = (unsigned) atoi(argv[2]);
        if (pid <= 0 || seconds < 1 || seconds > SECONDS_MAX)
                die("takes a process and a number of seconds");

        n = readlink("/proc/self/exe", path, sizeof(path) - sizeof("/idle.bpf.o"));
        if (n < 0)
                die("/proc/self/exe: %s", strerror(errno));
        path[n] = '\0';
        slash = strrchr(path, '/');
        strcpy(slash, "/idle.bpf.o");
        object = bpf_object__open_file(path, NULL);
        map = object ? bpf_object__find_map_by_name(object, ".rodata") : NULL;
        if (!map || !bpf_map__initial_value(map, &size) || size < sizeof(int))
                die("%s cannot be opened: %s", path, strerror(errno));
        *(int *) bpf_map__initial_value(map, &size) = pid;      /* the one constant there is */
        if (bpf_object__load(object) < 0)
                die("%s cannot be loaded: %s", path, strerror(errno));
        map = bpf_object__find_map_by_name(object, ".bss");
        counts = map ? bpf_map__initial_value(map, &size) : NULL;
        if (!counts || size < sizeof(*counts))
                die("%s has no counts", path);
        bpf_object__for_each_program(program, object)
                if (!bpf_program__attach(program))
                        die("%s cannot be attached: %s", path, strerror(errno));

        /* The first reading may itself take long; what it finds is the start. */
        measure(pid, &before);
        struct idle_counts start = { .woken = counts->woken, .ran = counts->ran };

        sleep_msec(seconds * 1000);

        struct idle_counts end = { .woken = counts->woken, .ran = counts->ran };
        measure(pid, &after);

        if (after.voluntary < before.voluntary || after.cpu_nsec < before.cpu_nsec)
                die("a thread ended meanwhile: what it used is not known");
        printf("{\"seconds\":%u,\"threads\":%u,\"woken\":%llu,\"ran\":%llu,\"voluntary\":%" PRIu64 ",\"involuntary\":%" PRIu64 ","
               "\"cpu_ns\":%" PRIu64 ",\"cpu_ns_since_start\":%" PRIu64 ",\"private_bytes\":%" PRIu64 "}\n", seconds, after.n_threads,
               end.woken - start.woken, end.ran - start.ran, after.voluntary - before.voluntary, after.involuntary - before.involuntary,
               after.cpu_nsec - before.cpu_nsec, after.cpu_nsec, after.private_bytes);
        bpf_object__close(object);
        return EXIT_SUCCESS;
}
