/* SPDX-License-Identifier: GPL-2.0-only */
#include "scxctl.h"

#include <ctype.h>
#include <stdarg.h>

#define VALUE_DEPTH_MAX 16u
#define LIST_LENGTH_MAX 65536u
#define DICTIONARY_LENGTH_MAX 1024u

char *snake_case(const char *s) {
        char *t = malloc(strlen(s) * 2 + 1);
        size_t n = 0;

        if (!t)
                return NULL;
        for (size_t i = 0; s[i]; i++) {
                if (isupper((unsigned char) s[i]) && i > 0 && isalnum((unsigned char) s[i - 1]) &&
                    /* A word begins after a small letter, and with the last capital of several; but "USec" is one word. */
                    (!isupper((unsigned char) s[i - 1]) || (islower((unsigned char) s[i + 1]) && !startswith(s + i - 1, "USec"))))
                        t[n++] = '_';
                t[n++] = tolower((unsigned char) s[i]);
        }
        t[n] = '\0';
        return t;
}

static int read_value(sd_bus_message *m, unsigned depth, sd_json_variant **ret);

static int read_basic(sd_bus_message *m, char type, sd_json_variant **ret) {
        union {
                const char *s;
                uint8_t y;
                int b;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
                int fd;
        } v;
        int r;

        r = sd_bus_message_read_basic(m, type, &v);
        if (r < 0)
                return r;
        switch (type) {
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE:
                return sd_json_variant_new_string(ret, v.s);
        case SD_BUS_TYPE_BOOLEAN:
                return sd_json_variant_new_boolean(ret, v.b);
        case SD_BUS_TYPE_BYTE:
                return sd_json_variant_new_unsigned(ret, v.y);
        case SD_BUS_TYPE_INT16:
                return sd_json_variant_new_integer(ret, v.n);
        case SD_BUS_TYPE_UINT16:
                return sd_json_variant_new_unsigned(ret, v.q);
        case SD_BUS_TYPE_INT32:
                return sd_json_variant_new_integer(ret, v.i);
        case SD_BUS_TYPE_UINT32:
                return sd_json_variant_new_unsigned(ret, v.u);
        case SD_BUS_TYPE_INT64:
                return sd_json_variant_new_integer(ret, v.x);
        case SD_BUS_TYPE_UINT64:
                return sd_json_variant_new_unsigned(ret, v.t);
        case SD_BUS_TYPE_DOUBLE:
                return sd_json_variant_new_real(ret, v.d);
        default: /* a file descriptor has no meaning as text */
                return sd_json_variant_new_null(ret);
        }
}

static int read_entry(sd_bus_message *m, const char *contents, unsigned depth, sd_json_variant **dictionary) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *value = NULL;
        _cleanup_(freep) char *name = NULL;
        const char *key;
        int r;

        r = sd_bus_message_enter_container(m, SD_BUS_TYPE_DICT_ENTRY, contents);
        if (r <= 0)
                return r;
        r = sd_bus_message_read_basic(m, contents[0], &key);
        if (r < 0)
                return r;
        name = streq(contents + 1, "v") ? snake_case(key) : strdup(key);
        if (!name)
                return -ENOMEM;
        r = read_value(m, depth + 1, &value);
        if (r < 0)
                return r;
        /* Of two values for one key the first counts. */
        if (!sd_json_variant_by_key(*dictionary, name)) {
                r = sd_json_variant_set_field(dictionary, name, value);
                if (r < 0)
                        return r;
        }
        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 1;
}

static int read_dictionary(sd_bus_message *m, const char *contents, unsigned depth, sd_json_variant **ret) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *v = NULL;
        _cleanup_(freep) char *entry = strndup(contents + 1, strlen(contents) - 2);
        size_t n = 0;
        int r;

        if (!entry)
                return -ENOMEM;
        if (!strchr("sog", entry[0]))
                return -EBADMSG;
        r = sd_json_variant_new_object(&v, NULL, 0);
        if (r < 0)
                return r;
        for (;;) {
                r = read_entry(m, entry, depth, &v);
                if (r < 0)
                        return r;
                if (r == 0)
                        break;
                if (++n > DICTIONARY_LENGTH_MAX)
                        return -E2BIG;
        }
        *ret = TAKE_PTR(v);
        return 0;
}

/* The elements of an array, or the members of a struct. */
static int read_list(sd_bus_message *m, unsigned depth, sd_json_variant **ret) {
        sd_json_variant **values = NULL;
        size_t n = 0, n_allocated = 0;
        int r;

        for (;;) {
                r = sd_bus_message_at_end(m, false);
                if (r != 0)
                        break;
                if (n >= LIST_LENGTH_MAX) {
                        r = -E2BIG;
                        break;
                }
                if (n == n_allocated) {
                        sd_json_variant **more;

                        n_allocated = n_allocated > 0 ? n_allocated * 2 : 8;
                        more = reallocarray(values, n_allocated, sizeof(*values));
                        if (!more) {
                                r = -ENOMEM;
                                break;
                        }
                        values = more;
                }
                r = read_value(m, depth + 1, &values[n]);
                if (r < 0)
                        break;
                n++;
        }
        if (r >= 0)
                r = sd_json_variant_new_array(ret, values, n);
        for (size_t i = 0; i < n; i++)
                sd_json_variant_unref(values[i]);
        free(values);
        return MIN(r, 0);
}

static int read_value(sd_bus_message *m, unsigned depth, sd_json_variant **ret) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *v = NULL;
        _cleanup_(freep) char *inner = NULL;
        const char *contents;
        char type;
        int r;

        if (depth > VALUE_DEPTH_MAX)
                return -E2BIG;
        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        if (r == 0)
                return -EBADMSG;
        if (!strchr("avr", type))
                return read_basic(m, type, ret);

        inner = strdup(strempty(contents)); /* entering changes what contents points to */
        if (!inner)
                return -ENOMEM;
        r = sd_bus_message_enter_container(m, type, inner);
        if (r < 0)
                return r;
        if (type == SD_BUS_TYPE_VARIANT)
                r = read_value(m, depth + 1, &v);
        else if (type == SD_BUS_TYPE_ARRAY && inner[0] == '{')
                r = read_dictionary(m, inner, depth, &v);
        else
                r = read_list(m, depth, &v);
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(v);
        return 0;
}

int bus_read_json(sd_bus_message *m, sd_json_variant **ret) {
        return read_value(m, 0, ret);
}

int client_connect(Client *c) {
        int r;

        if (c->bus)
                return 0;
        r = sd_bus_open_system_with_description(&c->bus, "scxctl");
        if (r < 0) {
                (void) complain(c, "cannot reach the system bus: %s", strerror(-r));
                return EXIT_UNREACHABLE;
        }
        return 0;
}

int client_call(Client *c, sd_bus_error *error, const char *interface, const char *member, sd_json_variant **ret, const char *types,
                ...) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        va_list arguments;
        int r;

        r = sd_bus_message_new_method_call(c->bus, &m, SCXD_BUS_NAME, SCXD_OBJECT_PATH, interface, member);
        if (r < 0)
                return r;
        va_start(arguments, types);
        if (types)
                r = sd_bus_message_appendv(m, types, arguments);
        va_end(arguments);
        if (r < 0)
                return r;
        r = sd_bus_call(c->bus, m, c->timeout_usec, error, &reply);
        if (r < 0)
                return r;
        return bus_read_json(reply, ret);
}

int client_get_state(Client *c, sd_bus_error *error, sd_json_variant **ret) {
        return client_call(c, error, "org.freedesktop.DBus.Properties", "GetAll", ret, "s", SCXD_INTERFACE);
}

/* The bus, or whoever starts services for it, says that there is nobody to ask. */
bool bus_error_means_absent(const sd_bus_error *error) {
        const char *name = strempty(error->name);

        return streq(name, SD_BUS_ERROR_SERVICE_UNKNOWN) || streq(name, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
                startswith(name, "org.freedesktop.DBus.Error.Spawn.") || startswith(name, "org.freedesktop.systemd1.");
}

int client_complain(Client *c, const char *what, const sd_bus_error *error, int r) {
        const char *name = strempty(error->name);
        char duration[DURATION_MAX];

        if (bus_error_means_absent(error))
                (void) complain(c, "%s: scxd is not running (%s)", what, strempty(error->message));
        else if (streq(name, SD_BUS_ERROR_NO_REPLY) || r == -ECONNRESET || r == -ENOTCONN)
                (void) complain(c, "%s: scxd, or the bus, went away before it answered", what);
        else if (r == -ETIMEDOUT || streq(name, SD_BUS_ERROR_TIMEOUT))
                (void) complain(c, "%s: scxd did not answer within %s", what, format_duration(duration, c->timeout_usec, 0));
        else if (*strempty(error->message))
                return complain(c, "%s: %s", what, error->message);
        else if (r == -EBADMSG || r == -E2BIG)
                return complain(c, "%s: scxd's answer makes no sense (is it of another version?)", what);
        else
                return complain(c, "%s: %s", what, *name ? name : strerror(-r));
        return EXIT_UNREACHABLE;
}

static sd_json_variant *field(sd_json_variant *v, const char *key) {
        return sd_json_variant_is_object(v) ? sd_json_variant_by_key(v, key) : NULL;
}

const char *json_text(sd_json_variant *v, const char *key) {
        sd_json_variant *f = field(v, key);

        return f && sd_json_variant_is_string(f) ? sd_json_variant_string(f) : "";
}

uint64_t json_number(sd_json_variant *v, const char *key) {
        sd_json_variant *f = field(v, key);

        return f && sd_json_variant_is_unsigned(f) ? sd_json_variant_unsigned(f) : 0;
}

bool json_flag(sd_json_variant *v, const char *key) {
        sd_json_variant *f = field(v, key);

        return f && sd_json_variant_is_boolean(f) && sd_json_variant_boolean(f);
}

sd_json_variant *json_list(sd_json_variant *v, const char *key) {
        sd_json_variant *f = field(v, key);

        return f && sd_json_variant_is_array(f) ? f : NULL;
}

sd_json_variant *json_object(sd_json_variant *v, const char *key) {
        sd_json_variant *f = field(v, key);

        return f && sd_json_variant_is_object(f) ? f : NULL;
}

size_t json_length(sd_json_variant *v) {
        return v && (sd_json_variant_is_array(v) || sd_json_variant_is_object(v)) ? sd_json_variant_elements(v) : 0;
}

const char *json_text_at(sd_json_variant *v, size_t i) {
        sd_json_variant *f = i < json_length(v) ? sd_json_variant_by_index(v, i) : NULL;

        return f && sd_json_variant_is_string(f) ? sd_json_variant_string(f) : "";
}
