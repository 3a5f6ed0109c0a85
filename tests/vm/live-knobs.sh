#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Other values of live knobs are written into what runs, without a swap; one that takes a load is a swap.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-default simple
profile t-short 'simple: {slice_us: 1000}'
profile t-fifo 'simple: {slice_us: 1000, weighted: false}'
define
must switch t-default
knob simple.data slice_us
[ "$REPLY" = 5000 ] || fail "slice_us should be 5000, is $REPLY"
kernel
seq=$K_SEQ
must switch t-short
assert_status active_profile '^t-short$' active_scheduler '^simple$'
knob simple.data slice_us
[ "$REPLY" = 1000 ] || fail "slice_us should be 1000, is $REPLY"
assert_seq "$seq"
must switch t-default
knob simple.data slice_us
[ "$REPLY" = 5000 ] || fail "slice_us should have its default again, 5000, is $REPLY"
assert_seq "$seq"
assert_truth

must switch t-fifo
assert_seq $((seq + 1))
knob simple.data slice_us
[ "$REPLY" = 1000 ] || fail "slice_us should be 1000, is $REPLY"
knob simple.rodata weighted
[ "$REPLY" = false ] || fail "weighted should be false, is $REPLY"

# After a restart of scxd, too.
systemctl restart scxd.service
assert_kernel_runs simple
kernel
seq=$K_SEQ
profile t-fifo-long 'simple: {slice_us: 9000, weighted: false}'
define
must switch t-fifo-long
knob simple.data slice_us
[ "$REPLY" = 9000 ] || fail "slice_us should be 9000, is $REPLY"
assert_seq "$seq"
assert_truth
