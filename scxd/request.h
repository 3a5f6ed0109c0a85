/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Clients that wait for one thing to happen. Several may wait for the same. */

#include <systemd/sd-bus.h>

#include "macro.h"

#define REQUEST_WAITERS_MAX 64u
#define REQUEST_WARNINGS_MAX 32u

typedef struct Request {
        sd_bus_message *waiters[REQUEST_WAITERS_MAX];
        size_t n_waiters;
        char *warnings[REQUEST_WARNINGS_MAX];   /* what went wrong on the way */
        size_t n_warnings;
} Request;

int request_new(Request **ret);
Request *request_free(Request *q);
DEFINE_POINTER_CLEANUP(Request *, request_free);

/* Returns -EXFULL if too many wait already. */
int request_add_waiter(Request *q, sd_bus_message *m);

/* Notes "name: why"; beyond the limit it is dropped. */
int request_add_warning(Request *q, const char *name, const char *why);

/* One of this name was noted. */
bool request_has_warning(const Request *q, const char *name);

/* All warnings, one a line, newly allocated; NULL if out of memory. */
char *request_format_warnings(const Request *q);

/* Answers all who wait with this error, and forgets them. */
void request_fail(Request *q, const char *error_name, const char *format, ...) _printf_(3, 4);
