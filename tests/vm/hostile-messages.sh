#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Malformed, huge and very many messages of a user change nothing and keep nobody else from being served.
. "${0%/*}/lib.sh"
kernel
if [ "$K_STATE" != unsupported ]; then
	profile t-simple simple
	define
	must switch t-simple
fi
kernel
seq=$K_SEQ ops=$K_OPS
daemon_pid
old=$PID
chmod 755 "$TMP" "$SCXD_TEST_WORK"
setpriv --reuid 1000 --regid 1000 --init-groups python3 -B "$HERE/hostile.py" >"$TMP/hostile" 2>&1 || fail "$(<"$TMP/hostile")"
t0=$SECONDS
must status
[ $((SECONDS - t0)) -le 10 ] || fail "scxd took $((SECONDS - t0)) s to answer"
kernel
[ "$K_SEQ,$K_OPS" = "$seq,$ops" ] || fail "the scheduler was touched: '$ops' and '$K_OPS'"
daemon_pid
[ "$PID" = "$old" ] || fail "scxd was restarted"
must reload
assert_truth
