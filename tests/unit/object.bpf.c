/* SPDX-License-Identifier: GPL-2.0-only */

/* What test-loader-inspect looks into: one of each kind of variable. Nothing loads it. */

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;

#define SEC(name) __attribute__((section(name), used))

struct task_struct;

struct sched_ext_ops {
        void (*enqueue)(struct task_struct *p, __u64 flags);
        __u64 flags;
        __u32 timeout_ms;
        char name[128];
};

typedef const volatile __u32 long_way_round;
typedef long_way_round even_longer;

const volatile __u32 constant_u32 = 7;
const volatile __s32 constant_s32 = -3;
const volatile __u64 constant_u64 = 0xfedcba9876543210;
const volatile __s64 constant_s64 = -5;
const volatile __u8 constant_u8 = 200;
const volatile __s8 constant_s8 = -100;
const volatile __u16 constant_u16 = 60000;
const volatile __s16 constant_s16 = -30000;
const volatile _Bool constant_bool = 1;
even_longer constant_typedef = 99;
const volatile __u32 constant_zero;
const volatile __u32 constant_elsewhere SEC(".rodata.more") = 5;

__u32 variable_u32 = 8;
__s64 variable_s64 = -9;
_Bool variable_bool;
__u64 variable_zero;
__u64 variable_elsewhere SEC(".data.more") = 6;
__u32 a_name_of_sixty_three_characters_is_the_longest_that_fits_in_he = 1;
__u32 a_name_of_sixty_four_characters_can_never_belong_to_any_knob_sir = 1;

__u32 an_array[4] = { 1 };
char a_text[16] = "text";
__u32 *a_pointer;
struct { int x; } a_struct;
__int128 a_wide_one;
static volatile __u32 not_global = 1;

struct {
        int (*type)[27];        /* BPF_MAP_TYPE_RINGBUF */
        int (*max_entries)[4096];
} scxd_exit SEC(".maps");

SEC("struct_ops/enqueue") void op_enqueue(unsigned long long *context) {
        if (constant_u32 == 1)
                variable_u32 += not_global + constant_elsewhere;
}

SEC(".struct_ops.link") struct sched_ext_ops test_ops = {
        .enqueue = (void *) op_enqueue,
        .timeout_ms = 1234,
        .name = "test_1.0",
};

char _license[] SEC("license") = "GPL";
