#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A user may look at everything and change nothing.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-simple simple
define
must switch t-simple
kernel
seq=$K_SEQ
alice() {
	STATUS=0
	setpriv --reuid 1000 --regid 1000 --init-groups --inh-caps=-all scxctl "$@" >"$TMP/out" 2>"$TMP/err" || STATUS=$?
	OUT=$(<"$TMP/out") ERR=$(<"$TMP/err")
}
chmod 755 "$TMP" "$SCXD_TEST_WORK"
alice status
[ $STATUS = 0 ] || fail "alice: scxctl status ended with $STATUS: $ERR"
contains "$OUT" 't-simple' "alice: scxctl status"
alice list
[ $STATUS = 0 ] || fail "alice: scxctl list ended with $STATUS: $ERR"
contains "$OUT" 't-simple' "alice: scxctl list"
alice show simple
[ $STATUS = 0 ] || fail "alice: scxctl show ended with $STATUS: $ERR"
contains "$OUT" 'slice_us' "alice: scxctl show"
setpriv --reuid 1000 --regid 1000 --init-groups scxctl monitor --json=short >"$TMP/monitor" 2>&1 &
monitor=$!
wait_for 20 heard '"event":"state"' || fail "alice: scxctl monitor says nothing: $(<"$TMP/monitor")"

for what in 'switch interactive' 'switch t-simple' stop reload; do
	# shellcheck disable=SC2086
	alice $what
	[ $STATUS = 1 ] || fail "alice: scxctl $what should end with 1, ended with $STATUS: $OUT $ERR"
	contains "$ERR" 'root' "alice: scxctl $what: the message"
	assert_kernel_runs simple
	assert_seq "$seq"
done
r=0
e=$(setpriv --reuid 1000 --regid 1000 --init-groups busctl call org.scx.Manager1 /org/scx/Manager1 org.scx.Manager1 Stop 'a{sv}' 0 2>&1) || r=$?
[ $r != 0 ] || fail "alice may stop by busctl"
contains "$e" 'Access denied' "busctl"
assert_status active_profile '^t-simple$'
must switch t-simple
must stop
wait_for 20 heard '"active_scheduler":"eevdf"' || fail "alice: scxctl monitor does not tell of the stop"
kill $monitor
assert_truth
