#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scxd-loader stops in the middle of a load: scxd goes on answering, after its time limit of 60 s that is a failed load, and nothing is
# left behind.
# limit: 180
. "${0%/*}/faults.bash"
broken broken-slow-load
profile t-one interactive
profile t-slow broken-slow-load
define
must switch t-one
kernel
seq=$K_SEQ
uptime
t0=$REPLY
scxctl switch t-slow >"$TMP/slow.out" 2>"$TMP/slow.err" &
client=$!
wait_for 20 has_loader || fail "no scxd-loader was started"
loaders
kill -STOP $REPLY || fail "the load was over too soon: $(<"$TMP/slow.out") $(<"$TMP/slow.err")"
hung=$REPLY
undo kill -KILL $hung
nap 1
uptime
t1=$REPLY
must status
uptime
[ $((REPLY - t1)) -lt 5000 ] || fail "scxd took $((REPLY - t1)) ms to answer while the loader hangs"
assert_kernel_runs interactive

r=0
wait $client || r=$?
uptime
took=$((REPLY - t0))
[ $r = 1 ] || fail "the switch ended with $r: $(<"$TMP/slow.out") $(<"$TMP/slow.err")"
contains "$(<"$TMP/slow.err")" 'broken-slow-load.*did not answer in time' "the message"
say "it ended after $took ms"
[ $took -gt 55000 ] && [ $took -lt 90000 ] || fail "the time limit is 60 s, the switch ended after $took ms"
wait_for 5 no_loader || fail "a scxd-loader is left over:$REPLY"
assert_kernel_runs interactive
assert_seq "$seq"
assert_status active_profile '^t-one$' scheduler '^broken-slow-load$' kind '^load-failed$' message 'did not answer in time'
assert_truth
