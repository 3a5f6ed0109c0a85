/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader-protocol.h"

static const char *const loader_stage_table[_LOADER_STAGE_MAX] = {
        [LOADER_STAGE_NONE] = "none",
        [LOADER_STAGE_OPEN] = "open",
        [LOADER_STAGE_KNOBS] = "knobs",
        [LOADER_STAGE_LOAD] = "load",
        [LOADER_STAGE_PREPARE] = "prepare",
};
DEFINE_STRING_TABLE(loader_stage, LoaderStage)

/* Length of the UTF-8 sequence at s, 0 if it is none: no overlong forms, surrogates or C1 controls. */
static size_t utf8_length(const unsigned char *s) {
        uint32_t c;
        size_t n;

        if (s[0] < 0xc2 || s[0] > 0xf4)
                return 0;
        n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
        c = s[0] & (0x7f >> n);
        for (size_t i = 1; i < n; i++) {
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (s[i] & 0x3f);
        }
        if ((n == 2 && c < 0xa0) || (n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;
        return n;
}

static void make_printable(char *text, size_t size, bool newlines) {
        unsigned char *s = (unsigned char *) text;

        text[size - 1] = '\0';
        while (*s) {
                size_t n = utf8_length(s);

                if (n > 0) {
                        s += n;
                        continue;
                }
                if (*s == '\t')
                        *s = ' ';
                else if (*s >= 0x7f || (*s < ' ' && !(newlines && *s == '\n')))
                        *s = '?';
                s++;
        }
}

int loader_request_check(LoaderRequest *request) {
        request->path[sizeof(request->path) - 1] = '\0';
        if (request->verb >= _LOADER_VERB_MAX)
                return -EBADMSG;
        if (request->verb != LOADER_PROBE && request->path[0] != '/')
                return -EBADMSG;
        if (request->n_knobs > KNOBS_MAX)
                return -EBADMSG;
        for (uint32_t i = 0; i < request->n_knobs; i++) {
                LoaderKnob *k = request->knobs + i;

                k->name[sizeof(k->name) - 1] = '\0';
                if (!k->name[0] || k->type >= _KNOB_TYPE_MAX || k->set >= _KNOB_SET_MAX)
                        return -EBADMSG;
        }
        return 0;
}

int loader_reply_check(LoaderReply *reply, uint32_t verb, size_t n_fds) {
        const uint32_t watch = LOADER_FD_EXIT | LOADER_FD_BSS | LOADER_FD_PROGRAM;
        const uint32_t all = verb == LOADER_WATCH ? watch : LOADER_FD_OPS | LOADER_FD_EXIT | LOADER_FD_GLOBALS | LOADER_FD_BSS;

        make_printable(reply->ops_name, sizeof(reply->ops_name), false);
        make_printable(reply->message, sizeof(reply->message), true);
        if (verb == LOADER_INSPECT) {
                ObjectInfo *info = &reply->object;

                make_printable(info->ops_name, sizeof(info->ops_name), false);
                info->n_variables = MIN(info->n_variables, OBJECT_VARIABLES_MAX);
                for (uint32_t i = 0; i < info->n_variables; i++)
                        make_printable(info->variables[i].name, sizeof(info->variables[i].name), false);
        }

        if (verb == LOADER_LOAD) {
                LoaderGlobals *g = &reply->globals;

                if (g->n > KNOBS_MAX)
                        return -EBADMSG;
                for (uint32_t i = 0; i < g->n; i++) {
                        make_printable(g->items[i].name, sizeof(g->items[i].name), false);
                        if ((g->items[i].fd != LOADER_FD_GLOBALS && g->items[i].fd != LOADER_FD_BSS) ||
                            !(reply->fds & g->items[i].fd) || g->items[i].size > 8)
                                return -EBADMSG;
                }
        }

        if (reply->verb != verb || reply->error > 0 || reply->error < -4095 || reply->stage >= _LOADER_STAGE_MAX)
                return -EBADMSG;
        if ((reply->fds & ~all) != 0 || (size_t) __builtin_popcount(reply->fds) != n_fds)
                return -EBADMSG;
        if (verb == LOADER_WATCH && reply->error == 0)
                return reply->fds == watch ? 0 : -EBADMSG;
        /* A load that went well hands over its ops; nothing else hands over anything. */
        if (verb == LOADER_LOAD && reply->error == 0 ? !(reply->fds & LOADER_FD_OPS) : reply->fds != 0)
                return -EBADMSG;
        return 0;
}
