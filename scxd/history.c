/* SPDX-License-Identifier: GPL-2.0-only */
#include "history.h"

ExitRecord *exit_record_free(ExitRecord *e) {
        if (!e)
                return NULL;
        free(e->scheduler);
        free(e->profile);
        free(e->reason);
        free(e->message);
        free(e->dump);
        free(e->outcome);
        return mfree(e);
}

int exit_record_new(const char *scheduler, const char *profile, uint64_t realtime_usec, ExitKind kind, uint32_t kernel_kind,
                    uint64_t code, const char *reason, const char *message, const char *dump, ExitRecord **ret) {
        _cleanup_(exit_record_freep) ExitRecord *e = NULL;

        e = calloc(1, sizeof(*e));
        if (!e)
                return -ENOMEM;
        e->realtime_usec = realtime_usec;
        e->kind = kind;
        e->kernel_kind = kernel_kind;
        e->code = code;
        e->scheduler = strdup(scheduler);
        e->profile = strdup(strempty(profile));
        e->reason = strdup(strempty(reason));
        e->message = strdup(strempty(message));
        e->outcome = strdup("");
        if (!e->scheduler || !e->profile || !e->reason || !e->message || !e->outcome)
                return -ENOMEM;
        if (dump && dump[0]) {
                e->dump = strdup(dump);
                if (!e->dump)
                        return -ENOMEM;
        }

        *ret = TAKE_PTR(e);
        return 0;
}

void history_add(History *h, ExitRecord *e) {
        exit_record_free(h->items[h->next]);
        h->items[h->next] = e;
        h->next = (h->next + 1) % HISTORY_MAX;
}

ExitRecord *history_last(const History *h) {
        return h->items[(h->next + HISTORY_MAX - 1) % HISTORY_MAX];
}

void history_done(History *h) {
        for (size_t i = 0; i < HISTORY_MAX; i++)
                h->items[i] = exit_record_free(h->items[i]);
}
