#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Switching to what runs already is no second swap; two clients who ask for the same share one.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-simple simple
profile t-interactive interactive
define
must switch t-simple
kernel
seq=$K_SEQ
must switch t-simple
assert_seq "$seq"
assert_kernel_runs simple
# Another profile that starts the same in the same way is no swap either, but it is the choice.
profile t-too simple
define
must switch t-too
assert_seq "$seq"
assert_status active_profile '^t-too$' active_scheduler '^simple$'
assert_truth

scxctl switch t-interactive >"$TMP/1" 2>&1 &
first=$!
scxctl switch t-interactive >"$TMP/2" 2>&1 &
second=$!
wait $first || fail "the first: $(<"$TMP/1")"
wait $second || fail "the second: $(<"$TMP/2")"
assert_kernel_runs interactive
assert_seq $((seq + 1))
assert_truth
