/* SPDX-License-Identifier: GPL-2.0-only */
#include "scxctl.h"

#include <inttypes.h>
#include <stdio.h>

#include "exit-kind.h"

const char *scheduler_title(const char *name) {
        return streq(name, EEVDF) ? "the kernel's own EEVDF" : name;
}

char *state_headline(sd_json_variant *state, Style *ret_style) {
        const char *profile = json_text(state, "active_profile"), *scheduler = json_text(state, "active_scheduler");
        const char *failed = json_text(json_object(state, "last_exit"), "profile");
        Style style = STYLE_PLAIN;
        char *t;
        int r;

        if (streq(json_text(state, "kernel_state"), "unsupported")) {
                style = STYLE_BAD;
                r = asprintf(&t, "This kernel has no sched_ext: only its own EEVDF can run");
        } else if (streq(json_text(state, "origin"), "foreign")) {
                style = STYLE_WARNING;
                r = asprintf(&t, "%s%s%s is running, started by somebody else", profile, *profile ? " is chosen, but " : "", scheduler);
        } else if (!streq(scheduler, EEVDF)) {
                style = STYLE_GOOD;
                r = asprintf(&t, "%s%sscheduler %s is running", profile, *profile ? ": " : "", scheduler);
        } else {
                /* A profile without schedulers is content with EEVDF; one whose schedulers ended is not. */
                if (*profile && streq(profile, failed))
                        style = STYLE_WARNING;
                r = asprintf(&t, "%s%sthe kernel's own EEVDF is running", profile, *profile ? ": " : "");
        }
        if (r < 0)
                return NULL;
        *ret_style = style;
        return t;
}

char *exit_describe(sd_json_variant *exit) {
        const char *kind = json_text(exit, "kind"), *reason = json_text(exit, "reason"), *message = json_text(exit, "message");
        uint64_t code = json_number(exit, "code");
        char *text = NULL;
        size_t size = 0;
        FILE *f;

        f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        fputs(exit_kind_describe(exit_kind_from_string(kind)), f);
        if (*reason)
                fprintf(f, ": %s", reason);
        fprintf(f, " [%s", kind);
        if (code != 0)
                fprintf(f, ", code %#" PRIx64, code);
        fputc(']', f);
        if (*message && !streq(message, reason))
                fprintf(f, "\n%s", message);
        return fclose(f) == 0 ? text : mfree(text);
}
