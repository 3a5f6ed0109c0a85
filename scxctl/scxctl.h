/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The command line: what its verbs share. */

#include <systemd/sd-bus.h>
#include <systemd/sd-json.h>

#include "diag.h"
#include "output.h"
#include "units.h"

/* What scxctl ends with; documented in docs/scxctl.md. */
enum {
        EXIT_DONE = 0,
        EXIT_FAILED = 1,
        EXIT_USAGE = 2,
        EXIT_UNREACHABLE = 3,
};

#define SCXD_BUS_NAME "org.scx.Manager1"
#define SCXD_OBJECT_PATH "/org/scx/Manager1"
#define SCXD_INTERFACE "org.scx.Manager1"

#define PROPERTIES_MAX 64u      /* of --property */
#define CONFIG_DIRS_MAX 16u     /* of --config-dir */
#define EEVDF "eevdf"           /* as the daemon calls the kernel's own scheduler */

typedef enum JsonMode {
        JSON_OFF,
        JSON_SHORT,
        JSON_PRETTY,
        _JSON_MODE_MAX,
        _JSON_MODE_INVALID = -EINVAL,
} JsonMode;

DECLARE_STRING_TABLE(json_mode, JsonMode);

typedef struct Client {
        Output out;
        Output err;
        JsonMode json;
        bool quiet;
        bool value;
        bool schedulers;
        bool force;
        const char *properties[PROPERTIES_MAX];
        size_t n_properties;
        const char *config_dirs[CONFIG_DIRS_MAX + 1];   /* NULL-terminated */
        size_t n_config_dirs;
        const char *object_dir;
        unsigned count;         /* of entries; 0: the default */
        sd_bus *bus;
        uint64_t timeout_usec;  /* of calls */
} Client;

#define TIMEOUT_USEC (5 * 60 * USEC_PER_SEC)    /* an answer comes when the thing is done: loading can take minutes */
#define HINT_TIMEOUT_USEC (3 * USEC_PER_SEC)    /* for what is only nice to know */

/* "scxctl: …" on stderr. The first returns EXIT_FAILED, the second EXIT_USAGE with a hint at --help. */
int complain(Client *c, const char *format, ...) _printf_(2, 3);
int complain_usage(Client *c, const char *format, ...) _printf_(2, 3);
int complain_memory(Client *c);

/* The verbs: argv[0] is the verb. They return what scxctl ends with. */
int verb_status(Client *c, int argc, char **argv);
int verb_list(Client *c, int argc, char **argv);
int verb_show(Client *c, int argc, char **argv);
int verb_switch(Client *c, int argc, char **argv);
int verb_stop(Client *c, int argc, char **argv);
int verb_reload(Client *c, int argc, char **argv);
int verb_monitor(Client *c, int argc, char **argv);
int verb_check(Client *c, int argc, char **argv);
int verb_history(Client *c, int argc, char **argv);
int verb_why(Client *c, int argc, char **argv);
int verb_reset_failed(Client *c, int argc, char **argv);

/* bus.c: what the daemon says, as JSON. Keys of a{sv} become snake_case; those of other dictionaries are data and stay. */

/* The next complete value of a message. */
int bus_read_json(sd_bus_message *m, sd_json_variant **ret);

/* "NextIfFailed" → "next_if_failed", "StallTimeoutUSec" → "stall_timeout_usec". Newly allocated, NULL if out of memory. Pure. */
char *snake_case(const char *s);

/* Connects to the system bus, once. Returns 0, or after complaining what scxctl ends with. */
int client_connect(Client *c);

/* Calls a method with these arguments; *ret is the first value of the answer. Negative errno, *error filled. */
int client_call(Client *c, sd_bus_error *error, const char *interface, const char *member, sd_json_variant **ret, const char *types,
                ...);

/* All properties. */
int client_get_state(Client *c, sd_bus_error *error, sd_json_variant **ret);

/* Says "scxctl: WHAT: reason" for a failed call, and returns what scxctl ends with. */
int client_complain(Client *c, const char *what, const sd_bus_error *error, int r);

/* The bus, or whoever starts services for it, says that there is no scxd to ask. */
bool bus_error_means_absent(const sd_bus_error *error);

/* What an object has under this key; "", 0, false or NULL where it has no such thing. */
const char *json_text(sd_json_variant *v, const char *key);
uint64_t json_number(sd_json_variant *v, const char *key);
bool json_flag(sd_json_variant *v, const char *key);
sd_json_variant *json_list(sd_json_variant *v, const char *key);
sd_json_variant *json_object(sd_json_variant *v, const char *key);

/* Length of a list or object, and the i-th string of a list; 0 and "" for what is none. */
size_t json_length(sd_json_variant *v);
const char *json_text_at(sd_json_variant *v, size_t i);

static inline sd_json_variant *json_at(sd_json_variant *v, size_t i) {
        return sd_json_variant_by_index(v, i);
}

/* state.c: the daemon's state in a person's words. */

/* "gaming: scheduler latency is running", newly allocated, NULL if out of memory. */
char *state_headline(sd_json_variant *state, Style *ret_style);

/* "was ejected because …: runnable task stall [stall]", to follow a name, and its message on a line of its own. Newly allocated,
 * NULL if out of memory. */
char *exit_describe(sd_json_variant *exit);

/* "the kernel's own EEVDF" or the name itself. */
const char *scheduler_title(const char *name);

/* list.c: which profile or scheduler of a list the word may have meant, NULL if none. */
const char *suggest_name(sd_json_variant *list, const char *word);
