/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* A YAML document as a tree in which everything knows its line and column, and the reading of mappings by tables of keys.
 * Only plain data: no anchors, aliases, tags, directives or further documents. (Not called yaml.h: that is libyaml's.) */

#include "diag.h"

#define YAML_DEPTH_MAX 16u
#define YAML_NODES_MAX 10000u

typedef enum YamlKind {
        YAML_KIND_SCALAR,
        YAML_KIND_LIST,
        YAML_KIND_MAPPING,
} YamlKind;

typedef struct YamlNode YamlNode;
struct YamlNode {
        YamlKind kind;
        bool quoted;            /* a scalar in quotes or a block, so "" is really meant to be empty */
        Position position;
        char *key;              /* of a member of a mapping, else NULL */
        Position key_position;
        char *text;             /* of a scalar: valid UTF-8, printable but for newlines */
        YamlNode *items;        /* of a list or mapping, in the order of the file */
        size_t n_items;
};

YamlNode *yaml_node_free(YamlNode *n);
DEFINE_POINTER_CLEANUP(YamlNode *, yaml_node_free);

/* Where a document comes from and where to complain about it. */
typedef struct YamlSource {
        const char *file;
        Diagnostics *diagnostics;
} YamlSource;

/* Reads a document; *ret is NULL if there is none in the text. Returns -EINVAL with one diagnostic added, or -ENOMEM. */
int yaml_load(const YamlSource *source, const char *text, size_t size, YamlNode **ret);

/* What a node is, for "found …": "nothing", "a list", "a mapping" or its text in quotes. */
const char *yaml_describe(char buffer[static DIAGNOSTIC_QUOTE_MAX], const YamlNode *n);
#define YAML_DESCRIBE(node) yaml_describe((char[DIAGNOSTIC_QUOTE_MAX]) { 0 }, node)

/* true for a value that was left out ("key:"). */
static inline bool yaml_is_nothing(const YamlNode *n) {
        return n->kind == YAML_KIND_SCALAR && !n->quoted && n->text[0] == '\0';
}

enum {
        YAML_REQUIRED = 1 << 0,         /* must be there, unless the mapping is partial */
        YAML_FIXED = 1 << 1,            /* must not be in a partial mapping */
};

/* A key that a mapping may have. Its value's node is stored at this offset of the target, which is a struct of node pointers. */
typedef struct YamlField {
        const char *key;
        YamlKind kind;
        unsigned flags;
        size_t offset;
} YamlField;

/* Sorts a mapping's members into the target (all pointers NULL before). partial: it changes another one, so nothing is required.
 * All that is wrong is reported, not only the first. Returns -EINVAL with diagnostics added, or -ENOMEM. */
int yaml_read_mapping(const YamlSource *source, const YamlNode *n, const YamlField *fields, size_t n_fields, bool partial,
                      void *target);

/* Replaces *text by a copy of this scalar: one line of 1 to max bytes; a newline at its end is cut off. Returns -EINVAL with a
 * diagnostic added, or -ENOMEM, with *text untouched. */
int yaml_read_line(const YamlSource *source, const YamlNode *n, size_t max, char **text);
