/* SPDX-License-Identifier: GPL-2.0-only */

/* Runs a fuzz target over the *.yaml files of directories and over deterministic mutations of them, as a test that is the same
 * each time: fuzz-main [-n MUTATIONS_PER_FILE] DIRECTORY… */

#include <getopt.h>

#include "corpus.h"
#include "fuzz.h"
#include "test.h"

#define INPUTS_MAX 1024u
#define MUTANT_MAX 65536u

static struct {
        char *text;
        size_t size;
} inputs[INPUTS_MAX];
static size_t n_inputs;

/* The marks and words that mean something to the formats. */
static const char *const words[] = {
        ": ", "- ", "[", "]", "{", "}", ", ", "\n", "\n  ", "\n    ", "\t", "#", "'", "\"", "|", ">", "&a ", "*a", "!!str ", "---\n", "...\n",
        "%YAML 1.1\n", "? ", "\\", "\"\\0\"", "\xff", "\xef\xbb\xbf", "\xe2\x80\xa8", "name", "latency", "x", "kind: bpf", "object", "description: d",
        "requires", "knobs", "type: ", "u64", "s64", "u32", "s32", "bool", "min: ", "max: ", "default: ", "set: live", "unit: us", "schedulers",
        "fallback: eevdf", "watchdog", "stall_timeout: ", "5s", "30s", "1s 1us", "slice_us", "smt_aware", "0", "-1", "18446744073709551615",
        "18446744073709551616", "-9223372036854775808", "9223372036854775808", "4294967295", "yes", "off", "<<: ", "\r\n", "",
};

static uint64_t random_state;

static size_t random_below(size_t n) {
        /* xorshift64*: the same numbers everywhere */
        random_state ^= random_state >> 12;
        random_state ^= random_state << 25;
        random_state ^= random_state >> 27;
        return (size_t) ((random_state * UINT64_C(2685821657736338717)) >> 33) % n;
}

/* Replaces `removed` bytes at `where` by others; leaves the text alone if it became too long. */
static void splice(char *text, size_t *size, size_t where, size_t removed, const char *added, size_t n_added) {
        char kept[512];

        n_added = MIN(n_added, sizeof(kept));
        memcpy(kept, added, n_added);   /* may be a part of the text itself */
        if (*size - removed + n_added > MUTANT_MAX)
                return;
        memmove(text + where + n_added, text + where + removed, *size - where - removed);
        memcpy(text + where, kept, n_added);
        *size = *size - removed + n_added;
}

static void mutate(char *text, size_t *size) {
        size_t where = random_below(*size + 1), some = random_below(40), length = MIN(some, *size - where);
        const char *word = words[random_below(ELEMENTSOF(words))];
        size_t other = random_below(n_inputs), from;

        switch (random_below(6)) {
        case 0:                         /* another byte */
                if (where < *size)
                        text[where] = (char) random_below(256);
                break;
        case 1:                         /* something less */
                splice(text, size, where, length, "", 0);
                break;
        case 2:                         /* something twice */
                splice(text, size, where, 0, text + where, length);
                break;
        case 3:                         /* a word more */
                splice(text, size, where, 0, word, strlen(word));
                break;
        case 4:                         /* a word instead */
                splice(text, size, where, MIN(strlen(word), *size - where), word, strlen(word));
                break;
        default:                        /* a part of another file */
                if (inputs[other].size == 0)
                        break;
                from = random_below(inputs[other].size);
                some = random_below(200);
                splice(text, size, where, length, inputs[other].text + from, MIN(some, inputs[other].size - from));
        }
}

static void collect(const char *path, const char *name, const char *text, size_t size, void *userdata) {
        ASSERT(n_inputs < INPUTS_MAX);
        ASSERT(size <= MUTANT_MAX);
        inputs[n_inputs].text = malloc(MAX(size, (size_t) 1));
        ASSERT(inputs[n_inputs].text);
        memcpy(inputs[n_inputs].text, text, size);
        inputs[n_inputs++].size = size;
}

/* In memory of exactly its size, so that the sanitizer sees whoever reads past the end. */
static void run(const char *text, size_t size) {
        uint8_t *exact = malloc(MAX(size, (size_t) 1));

        ASSERT(exact);
        memcpy(exact, text, size);
        ASSERT_EQ(LLVMFuzzerTestOneInput(exact, size), 0);
        free(exact);
}

int main(int argc, char **argv) {
        static char text[MUTANT_MAX];
        unsigned long n_mutations = 50, n_runs = 0;
        int option;

        while ((option = getopt(argc, argv, "n:")) >= 0) {
                if (option != 'n')
                        return 2;
                n_mutations = strtoul(optarg, NULL, 10);
        }
        for (int i = optind; i < argc; i++)
                ASSERT(corpus_visit(argv[i], collect, NULL) > 0);
        ASSERT(n_inputs > 0);

        for (size_t i = 0; i < n_inputs; i++) {
                run(inputs[i].text, inputs[i].size);
                n_runs++;
                for (unsigned long j = 0; j < n_mutations; j++) {
                        size_t size = inputs[i].size;

                        random_state = (uint64_t) (i + 1) * 1000003 + j + 1;
                        memcpy(text, inputs[i].text, size);
                        for (size_t k = 1 + random_below(4); k > 0; k--)
                                mutate(text, &size);
                        run(text, size);
                        n_runs++;
                }
        }
        printf("%lu inputs\n", n_runs);
        for (size_t i = 0; i < n_inputs; i++)
                free(inputs[i].text);
        return 0;
}
