/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the bench needs of the machine around it: programs, a crowd of threads, the memory of running BPF programs. */

#include <sys/types.h>

#include "macro.h"

/* Runs a program with its output thrown away and its errors (unless quiet) on stderr. Returns its exit status, or negative errno. */
int run_program(const char *const argv[], bool quiet);
/* The first line of its output. */
int run_for_line(const char *const argv[], char *ret, size_t size);

/* Starts a program and waits until it prints its first line. */
int start_and_wait(const char *const argv[], pid_t *ret);
/* Interrupts it and waits for its end. */
int interrupt_and_wait(pid_t pid);

/* A process with so many threads, of which n_busy never sleep and the others never wake up. */
int crowd_start(unsigned n_threads, unsigned n_busy, pid_t *ret);
void crowd_end(pid_t pid);

/* The newest BPF map of this name in the kernel: its id, or 0 if there is none. */
uint32_t newest_map(const char *name);

/* Reads and writes an integer variable of up to 8 bytes in the newest map of this name, which is behind a section of globals. */
int variable_read(const char *map, const char *name, uint64_t *ret);
int variable_write(const char *map, const char *name, uint64_t value);
