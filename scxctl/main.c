/* SPDX-License-Identifier: GPL-2.0-only */
#include "scxctl.h"

#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>

#include "config.h"
#include "help.h"

static const char *const json_mode_table[_JSON_MODE_MAX] = {
        [JSON_OFF] = "off",
        [JSON_SHORT] = "short",
        [JSON_PRETTY] = "pretty",
};

DEFINE_STRING_TABLE(json_mode, JsonMode)

int complain(Client *c, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        va_end(arguments);
        (void) fflush(c->out.file);     /* in the order in which it happened */
        output_message(&c->err, "scxctl", STYLE_PLAIN, "%s", text ? text : "out of memory");
        return EXIT_FAILED;
}

int complain_usage(Client *c, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        va_end(arguments);
        output_message(&c->err, "scxctl", STYLE_PLAIN, "%s\n\"scxctl --help\" shows what there is.", text ? text : "out of memory");
        return EXIT_USAGE;
}

int complain_memory(Client *c) {
        return complain(c, "out of memory");
}

/* Options that only some verbs take. */
enum {
        OPTION_JSON = 1 << 0,
        OPTION_PROPERTY = 1 << 1,
        OPTION_SCHEDULERS = 1 << 2,
        OPTION_CHECK = 1 << 3,
        OPTION_FORCE = 1 << 6,
        OPTION_COUNT = 1 << 7,
};

typedef struct Verb {
        const char *name;
        int (*run)(Client *c, int argc, char **argv);
        unsigned options;
} Verb;

static int verb_help(Client *c, int argc, char **argv);

static const Verb verbs[] = {
        { "status", verb_status, OPTION_JSON | OPTION_PROPERTY },
        { "list", verb_list, OPTION_JSON | OPTION_SCHEDULERS },
        { "show", verb_show, OPTION_JSON },
        { "switch", verb_switch, OPTION_JSON | OPTION_FORCE },
        { "stop", verb_stop, OPTION_JSON },
        { "reload", verb_reload, OPTION_JSON },
        { "monitor", verb_monitor, OPTION_JSON },
        { "check", verb_check, OPTION_JSON | OPTION_CHECK },
        { "why", verb_why, OPTION_JSON },
        { "history", verb_history, OPTION_JSON | OPTION_COUNT },
        { "reset-failed", verb_reset_failed, OPTION_JSON },
        { "help", verb_help, 0 },
};

static const Verb *find_verb(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (streq(verbs[i].name, name))
                        return verbs + i;
        return NULL;
}

static int complain_verb(Client *c, const char *name) {
        const char *names[ELEMENTSOF(verbs)], *meant;

        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                names[i] = verbs[i].name;
        meant = diagnostic_suggest(name, names, ELEMENTSOF(names));
        if (meant)
                return complain_usage(c, "there is no command '%s'; did you mean '%s'?", name, meant);
        return complain_usage(c, "there is no command '%s'", name);
}

static int verb_help(Client *c, int argc, char **argv) {
        if (argc > 2)
                return complain_usage(c, "help takes the name of one command");
        if (argc == 2 && !find_verb(argv[1]))
                return complain_verb(c, argv[1]);
        output_text(&c->out, help_text(argc == 2 ? argv[1] : NULL));
        return EXIT_DONE;
}

enum {
        ARG_VERSION = 0x100,
        ARG_JSON,
        ARG_VALUE,
        ARG_NO_PAGER,
        ARG_NO_ASK_PASSWORD,
        ARG_SCHEDULERS,
        ARG_OBJECT_DIR,
        ARG_CONFIG_DIR,
        ARG_FORCE,
};

static const struct option long_options[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, ARG_VERSION },
        { "json", required_argument, NULL, ARG_JSON },
        { "lines", required_argument, NULL, 'n' },
        { "property", required_argument, NULL, 'p' },
        { "value", no_argument, NULL, ARG_VALUE },
        { "quiet", no_argument, NULL, 'q' },
        { "no-pager", no_argument, NULL, ARG_NO_PAGER },
        { "no-ask-password", no_argument, NULL, ARG_NO_ASK_PASSWORD },
        { "schedulers", no_argument, NULL, ARG_SCHEDULERS },
        { "object-dir", required_argument, NULL, ARG_OBJECT_DIR },
        { "config-dir", required_argument, NULL, ARG_CONFIG_DIR },
        { "force", no_argument, NULL, ARG_FORCE },
        {}
};

typedef struct Asked {
        bool help;
        bool version;
        unsigned options;       /* OPTION_, those that were given */
} Asked;

/* "a,b" as well as one name. */
static int add_properties(Client *c, char *list) {
        for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
                if (c->n_properties >= PROPERTIES_MAX)
                        return complain_usage(c, "more than %u properties", PROPERTIES_MAX);
                c->properties[c->n_properties++] = name;
        }
        return c->n_properties > 0 ? 0 : complain_usage(c, "--property takes the name of a property");
}

static int complain_option(Client *c, int code, const char *argument) {
        /* getopt's own words would not be ours. */
        if (code == ':')
                return complain_usage(c, "option '%s' takes a value", argument);
        return complain_usage(c, "there is no option '%s', or it takes no value", argument);
}

static int parse_options(Client *c, int argc, char **argv, Asked *ret) {
        Asked asked = {};
        uint64_t count;
        int code, r;

        opterr = 0;
        for (;;) {
                int before = optind;

                code = getopt_long(argc, argv, ":hjn:p:q", long_options, NULL);
                if (code < 0)
                        break;
                switch (code) {
                case 'h':
                        asked.help = true;
                        break;
                case ARG_VERSION:
                        asked.version = true;
                        break;
                case 'j':
                        c->json = isatty(STDOUT_FILENO) ? JSON_PRETTY : JSON_SHORT;
                        asked.options |= OPTION_JSON;
                        break;
                case ARG_JSON:
                        c->json = json_mode_from_string(optarg);
                        if (c->json < 0)
                                return complain_usage(c, "--json takes pretty, short or off, found '%s'", optarg);
                        asked.options |= OPTION_JSON;
                        break;
                case 'p':
                        r = add_properties(c, optarg);
                        if (r != 0)
                                return r;
                        asked.options |= OPTION_PROPERTY;
                        break;
                case 'n':
                        if (parse_u64(optarg, &count) < 0 || count == 0 || count > UINT32_MAX)
                                return complain_usage(c, "-n takes a number from 1, found '%s'", optarg);
                        c->count = (unsigned) count;
                        asked.options |= OPTION_COUNT;
                        break;
                case ARG_VALUE:
                        c->value = true;
                        asked.options |= OPTION_PROPERTY;
                        break;
                case 'q':
                        c->quiet = true;
                        break;
                case ARG_NO_PAGER:
                case ARG_NO_ASK_PASSWORD:
                        break; /* scxctl never does either; scripts write them out of habit */
                case ARG_SCHEDULERS:
                        c->schedulers = true;
                        asked.options |= OPTION_SCHEDULERS;
                        break;
                case ARG_FORCE:
                        c->force = true;
                        asked.options |= OPTION_FORCE;
                        break;
                case ARG_OBJECT_DIR:
                        c->object_dir = optarg;
                        asked.options |= OPTION_CHECK;
                        break;
                case ARG_CONFIG_DIR:
                        if (c->n_config_dirs >= CONFIG_DIRS_MAX)
                                return complain_usage(c, "more than %u --config-dir", CONFIG_DIRS_MAX);
                        c->config_dirs[c->n_config_dirs++] = optarg;
                        asked.options |= OPTION_CHECK;
                        break;
                default:
                        return complain_option(c, code, argv[MAX(optind > before ? optind - 1 : optind, 1)]);
                }
        }
        *ret = asked;
        return 0;
}

/* The options that the verb does not take, by their names. */
static int refuse_options(Client *c, const Verb *verb, unsigned options) {
        if (options & OPTION_JSON)
                return complain_usage(c, "%s takes no --json", verb->name);
        if (options & OPTION_PROPERTY)
                return complain_usage(c, "%s takes neither --property nor --value, only status does", verb->name);
        if (options & OPTION_FORCE)
                return complain_usage(c, "%s takes no --force, only switch does", verb->name);
        if (options & OPTION_COUNT)
                return complain_usage(c, "%s takes no -n, only history does", verb->name);
        if (options & OPTION_SCHEDULERS)
                return complain_usage(c, "%s takes no --schedulers, only list does", verb->name);
        return complain_usage(c, "%s takes neither --config-dir nor --object-dir, only check does", verb->name);
}

static int run(Client *c, int argc, char **argv) {
        char *no_verb[] = { (char *) "status", NULL };
        const Verb *verb;
        Asked asked;
        int r;

        r = parse_options(c, argc, argv, &asked);
        if (r != 0)
                return r;
        argc -= optind;
        argv += optind;
        if (asked.version) {
                output_line(&c->out, STYLE_PLAIN, "scxctl %s", SCXD_VERSION);
                return EXIT_DONE;
        }
        if (argc == 0 && asked.help) {
                output_text(&c->out, help_text(NULL));
                return EXIT_DONE;
        }
        if (argc == 0) {
                argc = 1;
                argv = no_verb;
        }
        verb = find_verb(argv[0]);
        if (!verb)
                return complain_verb(c, argv[0]);
        if (asked.help) {
                output_text(&c->out, help_text(verb->name));
                return EXIT_DONE;
        }
        if (asked.options & ~verb->options)
                return refuse_options(c, verb, asked.options & ~verb->options);
        return verb->run(c, argc, argv);
}

int main(int argc, char **argv) {
        Client client = { .timeout_usec = TIMEOUT_USEC };
        int code, r;

        /* Of the locale only what characters can be shown: output is for scripts too. */
        (void) setlocale(LC_CTYPE, "");
        output_init(&client.out, stdout);
        output_init(&client.err, stderr);
        code = run(&client, argc, argv);
        sd_bus_flush_close_unref(client.bus);
        r = output_finish(&client.out);
        if (r < 0) {
                (void) complain(&client, "cannot write the output: %s", strerror(-r));
                code = EXIT_FAILED;
        }
        (void) output_finish(&client.err);
        return code;
}
