/* SPDX-License-Identifier: GPL-2.0-only */
#include "gap-trace.h"
#include "test.h"

#define REMOVED(at_, left_, n_left_) { .action = GAP_REMOVE, .at = (at_), .left_at = (left_), .n_left = (n_left_) }
#define ADDED(at_) { .action = GAP_ADD, .at = (at_) }

static const struct {
        const char *name;
        struct gap_log log;
        int result;
} cases[] = {
        { "a switch", { .n = 2, .events = { REMOVED(30, 20, 200), ADDED(90) } }, 0 },
        { "all at once", { .n = 2, .events = { REMOVED(20, 20, 200), ADDED(20) } }, 0 },
        { "nothing", { .n = 0 }, -EBADMSG },
        { "only a removal", { .n = 1, .events = { REMOVED(30, 20, 200) } }, -EBADMSG },
        { "a start, then an end", { .n = 2, .events = { ADDED(20), REMOVED(90, 80, 200) } }, -EBADMSG },
        { "two ends", { .n = 2, .events = { REMOVED(30, 20, 200), REMOVED(90, 80, 200) } }, -EBADMSG },
        { "two switches", { .n = 4, .events = { REMOVED(30, 20, 200), ADDED(90), REMOVED(130, 120, 200), ADDED(190) } }, -EBADMSG },
        { "more than there is room for", { .n = GAP_EVENTS_MAX + 2, .events = { REMOVED(30, 20, 200), ADDED(90) } }, -EBADMSG },
        { "too few left", { .n = 2, .events = { REMOVED(30, 20, 199), ADDED(90) } }, -EBADMSG },
        { "removed before the last left", { .n = 2, .events = { REMOVED(30, 31, 200), ADDED(90) } }, -EBADMSG },
        { "added before it was removed", { .n = 2, .events = { REMOVED(30, 20, 200), ADDED(29) } }, -EBADMSG },
        { "an unknown action", { .n = 2, .events = { REMOVED(30, 20, 200), { .at = 90 } } }, -EBADMSG },
};

int main(void) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                struct gap_event removed = { .at = 1 }, added = { .at = 2 };
                int r = gap_log_switch(&cases[i].log, 200, &removed, &added);

                if (r != cases[i].result)
                        test_failed("%s: found %d, expected %d", cases[i].name, r, cases[i].result);
                ASSERT_EQ(removed.at, r < 0 ? 1 : cases[i].log.events[0].at);
                ASSERT_EQ(added.at, r < 0 ? 2 : cases[i].log.events[1].at);
        }
        return 0;
}
