/* SPDX-License-Identifier: GPL-2.0-only */

/* What other managers start and stop: a program that loads one scheduler, enables it, and ends it when it is interrupted.
 *
 *   switch-gap-loader OBJECT         prints "ready" when the scheduler is enabled */

#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>

#include "macro.h"

int main(int argc, char *argv[]) {
        struct bpf_object *object;
        struct bpf_link *link = NULL;
        struct bpf_map *map;
        sigset_t set;
        int sig;

        if (argc != 2) {
                fputs("switch-gap-loader takes an object\n", stderr);
                return EXIT_FAILURE;
        }
        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, NULL);

        object = bpf_object__open_file(argv[1], NULL);
        if (!object || bpf_object__load(object) < 0) {
                fprintf(stderr, "%s: cannot load it: %m\n", argv[1]);
                return EXIT_FAILURE;
        }
        bpf_object__for_each_map(map, object)
                if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
                        link = bpf_map__attach_struct_ops(map);
        if (!link) {
                fprintf(stderr, "%s: cannot enable it: %m\n", argv[1]);
                return EXIT_FAILURE;
        }
        puts("ready");
        fflush(stdout);
        (void) sigwait(&set, &sig);
        bpf_link__destroy(link);
        bpf_object__close(object);
        return EXIT_SUCCESS;
}
