/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Files of tests/unit/data/DIRECTORY: each NAME.yaml is parsed, and what is said about it compared with NAME.expected. */

#include "diag.h"

typedef int (*corpus_parse_t)(const char *file, const char *text, size_t size, const char *name, Diagnostics *diagnostics);

/* Ends the program where they differ; returns how many files there were. With SCXD_TEST_UPDATE=DIRECTORY in the environment
 * writes what was said into files there. */
size_t corpus_check(const char *directory, corpus_parse_t parse);

/* Calls this for each NAME.yaml, sorted by name. text is not NUL-terminated. */
typedef void (*corpus_visit_t)(const char *path, const char *name, const char *text, size_t size, void *userdata);
size_t corpus_visit(const char *directory, corpus_visit_t visit, void *userdata);
