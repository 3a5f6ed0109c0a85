/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCX_EXIT_BPF_H
#define SCX_EXIT_BPF_H

/* Tells scxd why the scheduler ended: SCX_EXIT_REPORTER(name) defines the ring buffer of scxd-exit.h and the callback ops.exit.
 *
 * The texts are read through bpf_rdonly_cast(), not bpf_probe_read_kernel(): a kernel under lockdown=confidentiality refuses to load
 * a program that calls the latter. */

#include "scx-kernel.bpf.h"
#include "scxd-exit.h"

/* Any structure of the kernel that starts with 64 bits of number serves as the window. */
struct timespec64 {
        __s64 tv_sec;
} __attribute__((preserve_access_index));

void *bpf_rdonly_cast(const void *obj__ign, __u32 btf_id__k) __ksym __weak;

/* The bytes of v up to the first that is zero; *ret_end if there is one. */
static __always_inline __u64 text_part(__u64 v, bool *ret_end) {
        __u64 zero = (v - 0x0101010101010101ULL) & ~v & 0x8080808080808080ULL;

        *ret_end = zero;
        if (!zero)
                return v;
        /* The lowest marked bit is the top bit of the first zero byte: keep what is below that byte. */
        zero &= -zero;
        return v & ((zero >> 7) - 1);
}

/* Copies a text of the kernel, 8 bytes at a time: at most size bytes (a multiple of 8), the last always NUL. */
static __always_inline void copy_text(char *to, __u32 size, const char *from) {
        __u64 *out = (__u64 *) to;
        int i, n = size / sizeof(*out);

        out[0] = 0;
        if (!from || !bpf_ksym_exists(bpf_rdonly_cast))
                return;
        bpf_for(i, 0, n) {
                const struct timespec64 *window =
                        bpf_rdonly_cast(from + i * sizeof(__u64), bpf_core_type_id_kernel(struct timespec64));
                bool end;

                out[i] = text_part(window->tv_sec, &end);
                if (end)
                        break;
        }
        to[size - 1] = 0;
}

#define SCX_EXIT_REPORTER(name)                                                                                         \
        struct {                                                                                                        \
                __uint(type, BPF_MAP_TYPE_RINGBUF);                                                                     \
                __uint(max_entries, SCXD_EXIT_RING_SIZE);                                                               \
        } scxd_exit SEC(".maps");                                                                                       \
                                                                                                                        \
        void SCX_OP(name, struct scx_exit_info *info) {                                                                 \
                struct scxd_exit_event *event = bpf_ringbuf_reserve(&scxd_exit, sizeof(*event), 0);                     \
                                                                                                                        \
                if (!event) /* nobody reads: then nobody misses it */                                                   \
                        return;                                                                                         \
                event->size = sizeof(*event);                                                                           \
                event->kind = info->kind;                                                                               \
                event->code = info->exit_code;                                                                          \
                copy_text(event->reason, sizeof(event->reason), info->reason);                                          \
                copy_text(event->message, sizeof(event->message), info->msg);                                           \
                copy_text(event->dump, sizeof(event->dump), info->dump);                                                \
                bpf_ringbuf_submit(event, BPF_RB_FORCE_WAKEUP);                                                         \
        }

#endif
