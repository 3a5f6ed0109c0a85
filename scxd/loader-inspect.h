/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* A look into a BPF object: nothing is loaded, nothing is printed. */

#include "object-info.h"

#define OBJECT_SIZE_MAX (64u * 1024u * 1024u)

struct bpf_map;
struct bpf_object;

/* What the object says of itself. The work is done in a child process, so that a file made to crash or to stall libbpf is only an
 * error. On failure *ret_why is one line, newly allocated (NULL if out of memory). */
int object_inspect(const char *path, ObjectInfo *ret, char **ret_why);

/* The same without the child: for a process that is itself a child (and for fuzzing). */
int object_inspect_here(const char *path, ObjectInfo *ret, char **ret_why);

/* Opens an object that has a struct sched_ext_ops; prints what libbpf prints. For scxd-loader, which goes on to load it: log (may be
 * NULL) is where the verifier's log goes then, the end of it if it is longer than that. */
int object_open(const char *path, char *log, size_t log_size, struct bpf_object **ret, struct bpf_map **ret_ops, char **ret_why);

/* true if the map is a struct sched_ext_ops. */
bool object_map_is_ops(const struct bpf_object *object, const struct bpf_map *map);

/* The place of an ops member in the struct's initial value: an integer or char array of this size. NULL if there is none. */
void *object_ops_member(const struct bpf_object *object, const struct bpf_map *ops, const char *name, size_t size);

/* Finds a global variable and its place in the initial values. Returns -ENOENT if there is none. */
int object_find_variable(const struct bpf_object *object, const char *name, ObjectVariable *ret, void **ret_place);

/* Calls f for each global variable until it returns non-zero, and returns that. place is NULL if size is 0. */
typedef int (*object_variable_t)(const ObjectVariable *variable, void *place, void *userdata);
int object_foreach_variable(const struct bpf_object *object, object_variable_t f, void *userdata);
