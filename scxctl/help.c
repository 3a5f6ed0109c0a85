/* SPDX-License-Identifier: GPL-2.0-only */
#include "help.h"

#include "macro.h"

static const char general[] =
        "scxctl [OPTION...] [COMMAND]\n"
        "\n"
        "Says which CPU scheduler runs, and switches it, by asking the scxd service.\n"
        "\n"
        "Commands:\n"
        "  status           What runs, since when and why (the default)\n"
        "  list             All profiles; with --schedulers all schedulers\n"
        "  show NAME        All there is to know of a profile or scheduler\n"
        "  switch PROFILE   Start the first scheduler of the profile that works\n"
        "  stop             End the scheduler; the kernel's own EEVDF runs then\n"
        "  reload           Have scxd read its files again\n"
        "  monitor          Show each change as it happens, until Ctrl-C\n"
        "  check [FILE...]    Look for mistakes in profiles and schedulers' manifests\n"
        "  why              Why things are as they are, step by step\n"
        "  history          What ran when, why it started and why it ended\n"
        "  reset-failed     Let schedulers be started again that failed too often\n"
        "  help [COMMAND]   This text, or that of a command\n"
        "\n"
        "Options:\n"
        "  -h, --help       This text, or that of the command\n"
        "      --version    The version of scxctl\n"
        "      --json=MODE  Output as JSON: pretty, short (one line) or off\n"
        "  -j               As JSON: pretty on a terminal, else short\n"
        "  -q, --quiet      Nothing but results, warnings and errors\n"
        "      --no-pager, --no-ask-password\n"
        "                   Change nothing; for scripts that give them out of habit\n"
        "\n"
        "Ends with 0 when done, 1 on failure, 2 if used wrongly, 3 if scxd cannot be\n"
        "reached. \"scxctl COMMAND --help\" tells more of a command.\n";

static const struct {
        const char *verb;
        const char *text;
} texts[] = {
        { "status",
          "scxctl [status] [-p NAME...] [--value] [--json=MODE]\n"
          "\n"
          "Shows what runs, since when and why, what would take over if it failed, what\n"
          "the kernel says, how the last scheduler ended, and what is wrong with the files\n"
          "of profiles and schedulers.\n"
          "\n"
          "  -p, --property NAME  Only this property, as \"name=value\"; several with commas\n"
          "                       or several -p; parts with dots: last_exit.message\n"
          "      --value          Only the values\n"
          "\n"
          "Properties: active_profile, active_scheduler, origin, kernel_state, kernel_ops,\n"
          "since, since_monotonic, why, next_if_failed, activity, last_exit, problems,\n"
          "kernel_features, kernel_btf_broken, version. The names of the bus interface\n"
          "(ActiveProfile) are understood too.\n" },
        { "list",
          "scxctl list [--schedulers] [--json=MODE]\n"
          "\n"
          "Lists all profiles, each with its schedulers in the order in which they are\n"
          "tried. A filled circle (or *) marks the one that is active, an empty one (or o)\n"
          "the one that is chosen but not active, \"!\" schedulers that cannot run here.\n"
          "\n"
          "      --schedulers  All schedulers instead\n" },
        { "show",
          "scxctl show NAME [--json=MODE]\n"
          "\n"
          "Shows a profile or a scheduler: of a profile the chain of its schedulers with\n"
          "what it sets, of a scheduler its knobs and what it needs, and of both what is\n"
          "wrong with their files. If both have the name, both are shown.\n" },
        { "switch",
          "scxctl switch PROFILE [--force] [--json=MODE]\n"
          "\n"
          "Makes the profile the machine's choice and starts the first of its schedulers\n"
          "that works. Returns when the kernel runs it, or when nothing could be started:\n"
          "then the machine is left as it was. Schedulers that could not be started on the\n"
          "way are told as warnings.\n"
          "\n"
          "      --force  Ends a scheduler that somebody else started, by the kernel's\n"
          "               emergency stop; without it such a scheduler is left alone\n" },
        { "stop",
          "scxctl stop [--json=MODE]\n"
          "\n"
          "Ends the scheduler that runs. The kernel's own EEVDF runs then, until somebody\n"
          "switches again. A scheduler that scxd did not start is left alone.\n" },
        { "reload",
          "scxctl reload [--json=MODE]\n"
          "\n"
          "Has scxd read all profiles and manifests again: all, or none if one is bad.\n"
          "The scheduler that runs is not touched.\n" },
        { "monitor",
          "scxctl monitor [--json=MODE]\n"
          "\n"
          "Shows the state and then each change, a line each, until Ctrl-C or SIGTERM. Goes\n"
          "on if scxd goes away, and says so. With --json or -j each line is an object.\n" },
        { "check",
          "scxctl check [--object-dir DIR] [--config-dir DIR...] [FILE...] [--json=MODE]\n"
          "\n"
          "Looks for mistakes in the files, as if they were installed, or in all that is\n"
          "installed. Says file:line:column of each and ends with 1 if there are any. Does\n"
          "not need scxd.\n"
          "\n"
          "A file is a profile or a scheduler's manifest by the directory that it is in\n"
          "(profiles or schedulers), else by its keys. Manifests are compared with their\n"
          "BPF objects.\n"
          "\n"
          "      --object-dir DIR  Look here first for the objects, then beside the\n"
          "                        manifest, then where they are installed\n"
          "      --config-dir DIR  Take what is in DIR/profiles and DIR/schedulers for what\n"
          "                        is installed; with several, the first has priority\n" },
        { "why",
          "scxctl why [--json=MODE]\n"
          "\n"
          "Says step by step why things are as they are: who asked for what, which of the\n"
          "profile's schedulers are out and why, when they are tried again, what runs, and\n"
          "what would be next.\n" },
        { "history",
          "scxctl history [-n NUMBER] [--json=MODE]\n"
          "scxctl history show N [--json=MODE]\n"
          "\n"
          "Lists what happened, the newest last: what ran when, why it started and why it\n"
          "ended. It outlives restarts. With show, all there is to know of entry N, with\n"
          "the kernel's message and debug dump.\n"
          "\n"
          "  -n, --lines NUMBER  The latest so many (20)\n" },
        { "reset-failed",
          "scxctl reset-failed [SCHEDULER] [--json=MODE]\n"
          "\n"
          "Forgets the failures of a scheduler, or of all, and lifts their quarantine: a\n"
          "scheduler that failed too often is not started any more until somebody says so\n"
          "here, its object changes or another kernel runs. If the chosen profile prefers\n"
          "it to what runs, it is tried again.\n" },
        { "help",
          "scxctl help [COMMAND]\n"
          "\n"
          "Says what scxctl, or one of its commands, does.\n" },
};

const char *help_text(const char *verb) {
        for (size_t i = 0; verb && i < ELEMENTSOF(texts); i++)
                if (streq(texts[i].verb, verb))
                        return texts[i].text;
        return general;
}
