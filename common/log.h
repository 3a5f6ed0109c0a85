/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Logging to the journal with structured fields, or to stderr where there is no journal. Functions that log say so in their name or
 * are in files that own an effect; pure code never calls these. */

#include <syslog.h>

#include "macro.h"

/* Says who logs ("scxd"), and whether debug messages are wanted (also by SCXD_LOG_LEVEL=debug). */
void log_open(const char *identifier);

void log_message(int priority, const char *format, ...) _printf_(2, 3);

/* With a MESSAGE_ID from log-ids.h (NULL for none) and further "FIELD=value" strings, NULL-terminated (the array may be NULL). */
void log_structured(int priority, const char *message_id, const char *const *fields, const char *format, ...) _printf_(4, 5);

#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_notice(...) log_message(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_message(LOG_ERR, __VA_ARGS__)

/* Logs "…: strerror" and returns error (negative errno), for `return log_error_errno(r, …)`. */
int log_error_errno(int error, const char *format, ...) _printf_(2, 3);
