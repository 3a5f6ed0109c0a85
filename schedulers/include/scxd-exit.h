/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXD_EXIT_H
#define SCXD_EXIT_H

/* How a scheduler's exit reaches scxd: one record in a BPF ring buffer map named SCXD_EXIT_MAP, written by ops.exit with
 * BPF_RB_FORCE_WAKEUP. Shared by BPF programs and user space: plain fixed-size types only. A third party's object that has
 * such a map is heard the same way. */

#define SCXD_EXIT_MAP "scxd_exit"       /* BPF_MAP_TYPE_RINGBUF of SCXD_EXIT_RING_SIZE bytes */
#define SCXD_EXIT_RING_SIZE (128 * 1024)

#define SCXD_EXIT_REASON_LEN 128
#define SCXD_EXIT_MESSAGE_LEN 1024
#define SCXD_EXIT_DUMP_LEN 32768

struct scxd_exit_event {
        unsigned int size;              /* sizeof(struct scxd_exit_event): the version of this layout */
        unsigned int kind;              /* enum scx_exit_kind */
        unsigned long long code;        /* scx_exit_info.exit_code, bit for bit */
        char reason[SCXD_EXIT_REASON_LEN];      /* NUL-terminated, as are those below; empty where not known */
        char message[SCXD_EXIT_MESSAGE_LEN];
        char dump[SCXD_EXIT_DUMP_LEN];
};

#endif
