/* SPDX-License-Identifier: GPL-2.0-only */
#include "settings.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "units.h"
#include "yaml-tree.h"

const Settings settings_default = { .expedite_swap = true, .standby = true };

typedef struct Nodes {
        YamlNode *expedite_swap, *standby;
} Nodes;

static const YamlField fields[] = {
        { "expedite_swap", YAML_KIND_SCALAR, 0, offsetof(Nodes, expedite_swap) },
        { "standby", YAML_KIND_SCALAR, 0, offsetof(Nodes, standby) },
};

static int read_switch(const YamlSource *source, const YamlNode *n, bool *ret) {
        if (!n || parse_bool(n->text, ret) >= 0)
                return 0;
        return diagnostics_add(source->diagnostics, source->file, n->position, "found %s, expected yes or no", YAML_DESCRIBE(n));
}

int settings_parse(const char *file, const char *text, size_t size, Settings *ret, Diagnostics *diagnostics) {
        YamlSource source = { file, diagnostics };
        _cleanup_(yaml_node_freep) YamlNode *root = NULL;
        Settings s = settings_default;
        Nodes nodes = {};
        int r;

        r = yaml_load(&source, text, size, &root);
        if (r < 0)
                return r;
        if (root) {
                r = yaml_read_mapping(&source, root, fields, ELEMENTSOF(fields), false, &nodes);
                if (r != -ENOMEM)
                        r = worse(r, read_switch(&source, nodes.expedite_swap, &s.expedite_swap));
                if (r != -ENOMEM)
                        r = worse(r, read_switch(&source, nodes.standby, &s.standby));
                if (r < 0)
                        return r;
        }
        *ret = s;
        return 0;
}

/* The file's text, newly allocated, or negative errno; -ENOENT if there is none. */
static int read_file(const char *path, char **ret, size_t *ret_size) {
        _cleanup_(closep) int fd = -EBADF;
        _cleanup_(freep) char *text = NULL;
        struct stat st;
        ssize_t n;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISCHR(st.st_mode)) {      /* /dev/null: the defaults, whatever a later directory says */
                *ret = strdup("");
                *ret_size = 0;
                return *ret ? 0 : -ENOMEM;
        }
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        if (st.st_size > SETTINGS_SIZE_MAX)
                return -EFBIG;
        text = malloc(SETTINGS_SIZE_MAX + 1);
        if (!text)
                return -ENOMEM;
        n = read(fd, text, SETTINGS_SIZE_MAX + 1);
        if (n < 0)
                return -errno;
        if ((size_t) n > SETTINGS_SIZE_MAX)
                return -EFBIG;
        *ret = TAKE_PTR(text);
        *ret_size = (size_t) n;
        return 0;
}

int settings_read(const char *const *directories, Settings *ret, Diagnostics *diagnostics) {
        *ret = settings_default;
        for (size_t i = 0; directories[i]; i++) {
                _cleanup_(freep) char *text = NULL;
                char path[PATH_MAX];
                size_t size = 0;
                int r;

                if (snprintf(path, sizeof(path), "%s/" SETTINGS_FILE, directories[i]) >= (int) sizeof(path))
                        continue;
                r = read_file(path, &text, &size);
                if (r == -ENOENT || r == -ENOTDIR)
                        continue;
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        r = diagnostics_add(diagnostics, path, (Position) {}, "cannot be read: %s", strerror(-r));
                else
                        r = settings_parse(path, text, size, ret, diagnostics);
                return r == -ENOMEM ? r : 0;    /* the first that is there counts, also if it is bad */
        }
        return 0;
}
