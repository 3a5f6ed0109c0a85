#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SIGKILL of scxd-loader during a load is a failed load and nothing more.
. "${0%/*}/lib.sh"
needs_sched_ext
broken broken-slow-load
profile t-good interactive
profile t-slow broken-slow-load
profile t-slow-chain broken-slow-load simple
define
must switch t-good
kernel
seq=$K_SEQ
daemon_pid
old=$PID

# Switches in the background and kills the loader as soon as it works.
kill_loader_during() {
	scxctl switch "$1" >"$TMP/slow.out" 2>"$TMP/slow.err" &
	client=$!
	wait_for 20 has_loader || fail "no scxd-loader was started"
	nap 0.3
	loaders
	kill -KILL $REPLY || fail "the load was over too soon: $(<"$TMP/slow.out") $(<"$TMP/slow.err")"
	STATUS=0
	wait $client || STATUS=$?
}

kill_loader_during t-slow
[ $STATUS = 1 ] || fail "scxctl switch ended with $STATUS: $(<"$TMP/slow.out") $(<"$TMP/slow.err")"
contains "$(<"$TMP/slow.err")" 'broken-slow-load' "the message"
assert_kernel_runs interactive
assert_seq "$seq"
assert_status active_profile '^t-good$' scheduler '^broken-slow-load$' kind '^load-failed$' message .
assert_truth

kill_loader_during t-slow-chain
[ $STATUS = 0 ] || fail "scxctl switch ended with $STATUS: $(<"$TMP/slow.out") $(<"$TMP/slow.err")"
assert_kernel_runs simple
wait_for 5 no_loader || fail "a scxd-loader is left over:$REPLY"
daemon_pid
[ "$PID" = "$old" ] || fail "scxd was restarted"
assert_truth
