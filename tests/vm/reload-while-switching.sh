#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A reload while a switch is under way: both get what they asked for.
# limit: 180
. "${0%/*}/lib.sh"
needs_sched_ext
broken broken-slow-load
profile t-slow broken-slow-load simple
profile t-interactive interactive
define
must switch t-interactive
scxctl switch t-slow >"$TMP/slow.out" 2>"$TMP/slow.err" &
client=$!
wait_for 20 has_loader || fail "no scxd-loader was started"
profile t-new simple
must reload
must list --json=short
[[ $OUT == *'"t-new"'* ]] || fail "t-new should be defined: $OUT"
r=0
wait $client || r=$?
[ $r = 0 ] || fail "scxctl switch ended with $r: $(<"$TMP/slow.err")"
assert_status active_profile '^t-slow$'
assert_truth
must switch t-new
assert_kernel_runs simple
assert_truth
