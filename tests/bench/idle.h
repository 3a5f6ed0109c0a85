/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

struct idle_counts {
        unsigned long long woken;       /* somebody or something wakes one of its threads up */
        unsigned long long ran;         /* one of its threads gets a CPU */
};
