/* SPDX-License-Identifier: GPL-2.0-only */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>

/* Where log.c is helps nobody. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "output.h"

/* The journal's fields that we add by ourselves, and as many of the caller's. */
#define OWN_FIELDS 4u
#define FIELDS_MAX 32u

static struct {
        const char *identifier;
        int level;
        bool to_journal;
} log_state = { .identifier = "scxd", .level = LOG_INFO };

static const char *const level_names[] = {
        [LOG_EMERG] = "emerg",
        [LOG_ALERT] = "alert",
        [LOG_CRIT] = "crit",
        [LOG_ERR] = "err",
        [LOG_WARNING] = "warning",
        [LOG_NOTICE] = "notice",
        [LOG_INFO] = "info",
        [LOG_DEBUG] = "debug",
};

/* systemd says which stream it connected to the journal; a child's redirected stderr is another one. */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;
        int end = 0;

        return stream && sscanf(stream, "%llu:%llu%n", &device, &inode, &end) == 2 && stream[end] == '\0' &&
                fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_open(const char *identifier) {
        const char *level = getenv("SCXD_LOG_LEVEL");

        log_state.identifier = identifier;
        log_state.to_journal = stderr_is_journal();
        for (int i = 0; level && i < (int) ELEMENTSOF(level_names); i++)
                if (streq(level, level_names[i]))
                        log_state.level = i;
}

static struct iovec to_iovec(const char *s) {
        return (struct iovec) { .iov_base = (char *) s, .iov_len = strlen(s) };
}

static int log_to_journal(int priority, const char *message_id, const char *const *fields, const char *text) {
        _cleanup_(freep) char *message = NULL, *identifier = NULL, *id = NULL;
        char number[] = "PRIORITY=0";
        struct iovec v[OWN_FIELDS + FIELDS_MAX];
        int n = 0;

        if (asprintf(&message, "MESSAGE=%s", text) < 0)
                message = NULL;
        if (asprintf(&identifier, "SYSLOG_IDENTIFIER=%s", log_state.identifier) < 0)
                identifier = NULL;
        if (message_id && asprintf(&id, "MESSAGE_ID=%s", message_id) < 0)
                id = NULL;
        if (!message || !identifier || (message_id && !id))
                return -ENOMEM;
        number[sizeof(number) - 2] = '0' + priority;
        v[n++] = to_iovec(message);
        v[n++] = to_iovec(number);
        v[n++] = to_iovec(identifier);
        if (id)
                v[n++] = to_iovec(id);
        for (; fields && *fields && n < (int) ELEMENTSOF(v); fields++)
                v[n++] = to_iovec(*fields);
        return sd_journal_sendv(v, n);
}

/* In one write, so that lines of several processes do not mix. */
static void log_to_stderr(const char *text) {
        _cleanup_(freep) char *escaped = text_escape(text, TEXT_UTF8 | TEXT_LINES), *line = NULL;
        int n;

        n = asprintf(&line, "%s: %s\n", log_state.identifier, escaped ? escaped : "out of memory");
        if (n >= 0 && write(STDERR_FILENO, line, n) < 0)
                return; /* there is nowhere left to say so */
}

static void log_va(int priority, const char *message_id, const char *const *fields, const char *format, va_list arguments)
        __attribute__((format(printf, 4, 0)));

static void log_va(int priority, const char *message_id, const char *const *fields, const char *format, va_list arguments) {
        _cleanup_(freep) char *text = NULL;
        int saved = errno;

        priority = LOG_PRI(priority);
        if (priority > log_state.level)
                return;
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        if (!text)
                log_to_stderr("out of memory");
        else if (!log_state.to_journal || log_to_journal(priority, message_id, fields, text) < 0)
                log_to_stderr(text);
        errno = saved;
}

void log_message(int priority, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        log_va(priority, NULL, NULL, format, arguments);
        va_end(arguments);
}

void log_structured(int priority, const char *message_id, const char *const *fields, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        log_va(priority, message_id, fields, format, arguments);
        va_end(arguments);
}

int log_error_errno(int error, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0)
                text = NULL;
        log_message(LOG_ERR, "%s: %s", text ? text : "out of memory", strerror(abs(error)));
        return error;
}
