#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# systemctl reload reads the files again and returns when that is done; a bad file keeps what was.
. "${0%/*}/lib.sh"
daemon_pid
old=$PID
profile t-new simple
systemctl reload scxd.service || fail "systemctl reload failed"
must list --json=short
[[ $OUT == *'"t-new"'* ]] || fail "t-new should be defined: $OUT"
before=$OUT
profile t-newer simple
printf 'name: t-bad\n' >$RUN/profiles/t-bad.yaml
systemctl reload scxd.service || :
must list --json=short
[ "$OUT" = "$before" ] || fail "the list was: $before; it is: $OUT"
kill -HUP "$PID"
nap 1
systemctl -q is-active scxd.service || fail "SIGHUP ended scxd"
daemon_pid
[ "$PID" = "$old" ] || fail "scxd was restarted"
rm $RUN/profiles/t-bad.yaml
assert_truth
