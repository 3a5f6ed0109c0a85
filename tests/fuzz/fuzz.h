/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What libFuzzer calls (clang -fsanitize=fuzzer), and fuzz-main.c where there is no libFuzzer. */

#include "macro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
