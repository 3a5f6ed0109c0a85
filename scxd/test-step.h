/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* For the fault tests: the daemon stops itself (SIGSTOP) when it reaches the step named by $SCXD_STOP_AT, so that it can be killed at
 * just that point. Without the variable, which only root can set for the service, it does nothing. */

#include <signal.h>

#include "macro.h"

static inline void test_step(const char *name) {
        static int enabled = -1;

        if (enabled < 0)
                enabled = getenv("SCXD_STOP_AT") != NULL;
        if (enabled && streq(getenv("SCXD_STOP_AT"), name))
                (void) raise(SIGSTOP);
}
