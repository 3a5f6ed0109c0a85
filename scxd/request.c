/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdarg.h>
#include <stdio.h>

#include "log.h"
#include "request.h"

int request_new(Request **ret) {
        Request *q;

        q = calloc(1, sizeof(*q));
        if (!q)
                return -ENOMEM;
        *ret = q;
        return 0;
}

Request *request_free(Request *q) {
        if (!q)
                return NULL;
        for (size_t i = 0; i < q->n_waiters; i++)
                sd_bus_message_unref(q->waiters[i]);
        for (size_t i = 0; i < q->n_warnings; i++)
                free(q->warnings[i]);
        return mfree(q);
}

int request_add_waiter(Request *q, sd_bus_message *m) {
        if (q->n_waiters >= REQUEST_WAITERS_MAX)
                return -EXFULL;
        q->waiters[q->n_waiters++] = sd_bus_message_ref(m);
        return 0;
}

int request_add_warning(Request *q, const char *name, const char *why) {
        char *text;

        if (q->n_warnings >= REQUEST_WARNINGS_MAX)
                return 0;
        if (asprintf(&text, "%s: %s", name, why) < 0)
                return -ENOMEM;
        q->warnings[q->n_warnings++] = text;
        return 0;
}

bool request_has_warning(const Request *q, const char *name) {
        size_t n = strlen(name);

        for (size_t i = 0; i < q->n_warnings; i++)
                if (startswith(q->warnings[i], name) && q->warnings[i][n] == ':')
                        return true;
        return false;
}

char *request_format_warnings(const Request *q) {
        char *text = NULL;
        size_t size = 0;
        FILE *f;

        f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        for (size_t i = 0; i < q->n_warnings; i++)
                fprintf(f, "%s%s", i > 0 ? "\n" : "", q->warnings[i]);
        if (fclose(f) != 0)
                return mfree(text);
        return text;
}

void request_fail(Request *q, const char *error_name, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0)
                text = NULL;

        for (size_t i = 0; i < q->n_waiters; i++) {
                r = sd_bus_reply_method_errorf(q->waiters[i], error_name, "%s", text ? text : "out of memory");
                if (r < 0)
                        log_error_errno(r, "Failed to answer a client");
                q->waiters[i] = sd_bus_message_unref(q->waiters[i]);
        }
        q->n_waiters = 0;
}
