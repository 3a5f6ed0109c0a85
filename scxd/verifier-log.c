/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <stdio.h>

#include "verifier-log.h"

#define LINES_KEPT 4u
#define LINE_MAX_SHOWN 400u

void bounded_log_clear(BoundedLog *l) {
        l->n_head = 0;
        l->n_rest = 0;
}

void bounded_log_append(BoundedLog *l, const char *text, size_t size) {
        size_t n = MIN(size, sizeof(l->head) - l->n_head);

        memcpy(l->head + l->n_head, text, n);
        l->n_head += n;
        text += n;
        size -= n;

        if (size > sizeof(l->tail)) {
                l->n_rest += size - sizeof(l->tail);
                text += size - sizeof(l->tail);
                size = sizeof(l->tail);
        }
        while (size > 0) {
                size_t at = l->n_rest % sizeof(l->tail);

                n = MIN(size, sizeof(l->tail) - at);
                memcpy(l->tail + at, text, n);
                l->n_rest += n;
                text += n;
                size -= n;
        }
}

char *bounded_log_text(const BoundedLog *l) {
        size_t kept = MIN(l->n_rest, sizeof(l->tail)), start = l->n_rest > sizeof(l->tail) ? l->n_rest % sizeof(l->tail) : 0;
        char gap[64] = "";
        size_t n_gap = 0;
        char *s, *p;

        if (l->n_rest > kept) {
                snprintf(gap, sizeof(gap), "\n[%llu bytes left out]\n", (unsigned long long) (l->n_rest - kept));
                n_gap = strlen(gap);
        }

        s = malloc(l->n_head + n_gap + kept + 1);
        if (!s)
                return NULL;
        p = mempcpy(s, l->head, l->n_head);
        p = mempcpy(p, gap, n_gap);
        p = mempcpy(p, l->tail + start, kept - MIN(start, kept));
        p = mempcpy(p, l->tail, MIN(start, kept));
        *p = '\0';
        return s;
}

/* A piece of the text, not NUL-terminated. */
typedef struct Slice {
        const char *s;
        size_t n;
} Slice;

#define NOTHING ((Slice) { "", 0 })

/* The last lines of a kind. */
typedef struct Lines {
        Slice items[LINES_KEPT];
        size_t n;
} Lines;

static void lines_add(Lines *l, Slice line) {
        if (l->n == ELEMENTSOF(l->items)) {
                memmove(l->items, l->items + 1, sizeof(l->items) - sizeof(l->items[0]));
                l->n--;
        }
        l->items[l->n++] = line;
}

static bool slice_startswith(Slice s, const char *prefix) {
        size_t n = strlen(prefix);

        return s.n >= n && memcmp(s.s, prefix, n) == 0;
}

static Slice slice_skip(Slice s, size_t n) {
        return (Slice) { s.s + MIN(n, s.n), s.n - MIN(n, s.n) };
}

static Slice slice_trim(Slice s) {
        while (s.n > 0 && isspace((unsigned char) s.s[0]))
                s = slice_skip(s, 1);
        while (s.n > 0 && isspace((unsigned char) s.s[s.n - 1]))
                s.n--;
        return s;
}

static const char *slice_find(Slice s, const char *what) {
        return s.s ? memmem(s.s, s.n, what, strlen(what)) : NULL;
}

/* Length of "123: " at the start, else 0. */
static size_t instruction_number(Slice s) {
        size_t i = 0;

        while (i < s.n && isdigit((unsigned char) s.s[i]))
                i++;
        return i > 0 && i + 1 < s.n && s.s[i] == ':' && s.s[i + 1] == ' ' ? i + 2 : 0;
}

/* "12: (79) r1 = *(u64 *)(r1 +0)", also what libbpf puts in its place: "12: <invalid kfunc call>" */
static bool is_instruction(Slice s) {
        Slice rest = slice_skip(s, instruction_number(s));

        return rest.n < s.n && ((rest.n >= 4 && rest.s[0] == '(' && rest.s[3] == ')') || slice_startswith(rest, "<invalid "));
}

/* "R1=ctx() R10=fp0", "R0_w=scalar(…)", also after "frame1: ": the state of registers, of no use without the whole log. */
static bool is_register_state(Slice s) {
        size_t i = 1;

        if (slice_startswith(s, "frame")) {
                const char *colon = memchr(s.s, ':', s.n);

                if (!colon)
                        return false;
                s = slice_trim(slice_skip(s, (size_t) (colon - s.s) + 1));
        }
        if (slice_startswith(s, "fp-"))
                return true;
        if (s.n < 3 || s.s[0] != 'R' || !isdigit((unsigned char) s.s[1]))
                return false;
        while (i < s.n && isdigit((unsigned char) s.s[i]))
                i++;
        return i < s.n && (s.s[i] == '=' || s.s[i] == '_');
}

/* What the verifier prints on the way, success or not. */
static bool is_chatter(Slice s) {
        static const char *const prefixes[] = {
                "processed ", "verification time ", "stack depth ", "mark_precise:", "last_idx ", "first_idx ", "regs=", "parent state",
                "parent didn't have", "caller:", "callee:", "cur state:", "old state:", "Validating ", "Func#", "func#",
                "returning from callee:", "to caller at ", "Live regs before",
        };
        size_t n = instruction_number(s);

        if (s.n == 0 || is_register_state(s) || (n > 0 && is_register_state(slice_skip(s, n))))
                return true;
        if (slice_startswith(s, "func '") && slice_find(s, " has btf_id "))
                return true;
        if (slice_startswith(s, "from ") && s.n > 5 && isdigit((unsigned char) s.s[5]))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (slice_startswith(s, prefixes[i]))
                        return true;
        return false;
}

/* libbpf's own lines that add nothing to the ones before them. */
static bool is_boilerplate(Slice s) {
        static const char *const parts[] = {
                "failed to load object", "failed to load BPF skeleton", "failed to load: -", VERIFIER_LOG_BEGIN, VERIFIER_LOG_END,
                "Error loading vmlinux BTF", "permission error while running as root",
        };

        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (slice_find(s, parts[i]))
                        return true;
        return s.n == 0;
}

/* NAME of "prog 'NAME': …" */
static Slice program_of(Slice s) {
        const char *quote;

        if (!slice_startswith(s, "prog '"))
                return NOTHING;
        s = slice_skip(s, strlen("prog '"));
        quote = slice_find(s, "':");
        return quote ? (Slice) { s.s, (size_t) (quote - s.s) } : NOTHING;
}

typedef struct Explanation {
        Slice program, error;           /* of "prog 'NAME': BPF program load failed: ERROR" */
        Slice source, instruction;
        Lines complaints;               /* of the verifier, since its last instruction */
        Lines reason, suggestion;       /* of the report that kernels from 7.3 on add */
        Lines *paragraph;               /* where the report's present lines belong, if anywhere */
        Lines other;                    /* of libbpf */
        bool in_log, in_report;
} Explanation;

/* The instruction without the state of registers behind it: "…; R1=…", "… 7: R1=…". */
static Slice instruction_of(Slice line) {
        const char *state = memchr(line.s, ';', line.n);

        if (state)
                line.n = (size_t) (state - line.s);
        for (size_t i = instruction_number(line); i < line.n; i++) {
                size_t n;

                if (line.s[i] != ' ')
                        continue;
                n = instruction_number(slice_skip(line, i + 1));
                if (n > 0 && is_register_state(slice_skip(line, i + 1 + n)))
                        line.n = i;
        }
        return slice_trim(line);
}

/* "Verification failed: …", then paragraphs with an indented text each. */
static void read_report_line(Explanation *e, Slice line) {
        if (line.n > 0 && !isspace((unsigned char) line.s[0]))
                e->paragraph = slice_startswith(line, "Reason:") ? &e->reason :
                               slice_startswith(line, "Suggestion:") ? &e->suggestion : NULL;
        else if (e->paragraph && slice_trim(line).n > 0)
                lines_add(e->paragraph, slice_trim(line));
}

static void read_verifier_line(Explanation *e, Slice line) {
        if (slice_startswith(line, "Verification failed: "))
                e->in_report = true;
        else if (slice_startswith(line, "processed "))
                e->in_report = false;
        if (e->in_report) {
                read_report_line(e, line);
                return;
        }

        line = slice_trim(line);
        if (slice_startswith(line, "; ")) {
                e->source = slice_trim(slice_skip(line, 2));
                return;
        }
        if (is_instruction(line)) {
                e->instruction = instruction_of(line);
                e->complaints.n = 0;
                return;
        }
        if (!is_chatter(line))
                lines_add(&e->complaints, line);
}

static void read_line(Explanation *e, Slice line) {
        static const char failed[] = "BPF program load failed: ";
        const char *p;

        if (e->in_log) {
                /* The mark may follow the log's last line without a newline. */
                p = slice_find(line, VERIFIER_LOG_END);
                if (p)
                        line.n = (size_t) (p - line.s);
                read_verifier_line(e, line);
                e->in_log = !p;
                return;
        }

        line = slice_trim(line);
        if (slice_startswith(line, "libbpf: "))
                line = slice_skip(line, strlen("libbpf: "));

        if (slice_find(line, VERIFIER_LOG_BEGIN)) {
                if (program_of(line).n > 0)
                        e->program = program_of(line);
                e->source = e->instruction = NOTHING;
                e->complaints.n = e->reason.n = e->suggestion.n = 0;
                e->in_log = true;
                e->in_report = false;
                return;
        }
        p = slice_find(line, failed);
        if (p) {
                e->program = program_of(line);
                e->error = slice_skip(line, (size_t) (p - line.s) + strlen(failed));
                return;
        }
        if (!is_boilerplate(line))
                lines_add(&e->other, line);
}

static void put(FILE *f, Slice s) {
        fwrite(s.s, 1, MIN(s.n, LINE_MAX_SHOWN), f);
        if (s.n > LINE_MAX_SHOWN)
                fputs("...", f);
}

static void put_source(FILE *f, Slice source) {
        const char *at = NULL;

        /* "x = *p; @ file.bpf.c:12" reads better as a compiler writes it. */
        for (Slice rest = source; rest.n > 0; rest = slice_skip(source, (size_t) (at - source.s) + 3)) {
                const char *next = slice_find(rest, " @ ");

                if (!next)
                        break;
                at = next;
        }
        if (!at) {
                put(f, source);
                return;
        }
        put(f, slice_skip(source, (size_t) (at - source.s) + 3));
        fputs(": ", f);
        put(f, slice_trim((Slice) { source.s, (size_t) (at - source.s) }));
}

static void put_paragraph(FILE *f, const Lines *l) {
        for (size_t i = 0; i < l->n; i++) {
                fputc(i == 0 ? '\n' : ' ', f);
                put(f, l->items[i]);
        }
}

static void write_explanation(FILE *f, const Explanation *e) {
        const Lines *lines = e->complaints.n > 0 ? &e->complaints : &e->other;

        if (e->program.n > 0) {
                fputs("program ", f);
                put(f, e->program);
                fputs(": ", f);
        }
        if (lines->n == 0)
                put(f, e->error);
        for (size_t i = 0; i < lines->n; i++) {
                if (i > 0)
                        fputc('\n', f);
                put(f, lines->items[i]);
        }
        put_paragraph(f, &e->reason);
        if (e->source.n > 0) {
                fputc('\n', f);
                put_source(f, e->source);
        }
        if (e->instruction.n > 0) {
                fputs("\ninstruction ", f);
                put(f, e->instruction);
        }
        put_paragraph(f, &e->suggestion);
}

char *verifier_log_explain(const char *text) {
        Explanation e = { .program = NOTHING, .error = NOTHING, .source = NOTHING, .instruction = NOTHING };
        char *ret = NULL;
        size_t size = 0;
        FILE *f;

        while (*text) {
                size_t n = strcspn(text, "\n");

                read_line(&e, (Slice) { text, n });
                text += n + (text[n] == '\n');
        }

        f = open_memstream(&ret, &size);
        if (!f)
                return NULL;
        write_explanation(f, &e);
        if (fclose(f) != 0)
                return mfree(ret);
        return ret;
}
