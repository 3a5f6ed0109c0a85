#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The history tells what ran when, why it started and why it ended, with the kernel's words, over a crash of scxd.
. "${0%/*}/lib.sh"
needs_sched_ext
must history
contains "$OUT" 'Nothing has happened yet' "scxctl history"
must why
contains "$OUT" 'Nobody has chosen a profile' "scxctl why"
broken broken-error broken-init
profile t-chain 'broken-error: {after_ms: 300}' simple
profile t-init broken-init simple
profile t-simple simple interactive
define
listen
must switch t-chain
wait_for 20 kernel_runs simple || fail "simple did not take over: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome simple || fail "the outcome is not told"
must history
contains "$OUT" '1 .*started +broken-error +t-chain +root asked for t-chain' "scxctl history"
contains "$OUT" '2 .*ended +broken-error +t-chain +error-bpf .*ended on purpose' "scxctl history"
contains "$OUT" '3 .*started +simple +t-chain +root asked for t-chain; broken-error was ejected' "scxctl history"
must history show 2
contains "$OUT" 'ended on purpose' "the message"
contains "$OUT" 'exit kind 1025' "the kernel's kind"
contains "$OUT" 'ran for' "how long it ran"
contains "$OUT" 'simple took over' "the outcome"
contains "$OUT" 'Backtrace|triggered exit' "the dump"
must history show 2 --json=short
contains "$OUT" '"has_dump":true' "the entry"
contains "$OUT" '"dump":"' "the entry"
refused 1 'no entry 99' history show 99
refused 2 'number of an entry' history show x

# The same simple for another profile goes on; a failed start is noted, too.
must switch t-simple
must history
contains "$OUT" 'adjusted +simple +t-simple +root asked for t-simple' "scxctl history"
must switch t-init
must history
contains "$OUT" 'failed +broken-init +t-init +init-failed' "scxctl history"

# After a crash of scxd all is there, and goes on with the next number.
must history -n 200 --json=short
before=$OUT
daemon_pid
kill -KILL "$PID"
restarted() { local old=$PID; PID=$(systemctl show -P MainPID scxd.service); [ "$PID" -gt 0 ] && [ "$PID" != "$old" ] && scxctl history -q >/dev/null 2>&1; }
wait_for 30 restarted || fail "scxd does not come back"
must history -n 200 --json=short
[ "$OUT" = "$before" ] || fail "the history was
$before
and is
$OUT"
must history show 2
contains "$OUT" 'Backtrace|triggered exit' "the dump after a crash"
must stop
must history -n 2
contains "$OUT" 'ended +simple +t-init +stopped +root asked to stop' "scxctl history"

# A full or unwritable place costs persistence and nothing else.
systemctl stop scxd.service
rm -rf /var/lib/scxd/history
: >/var/lib/scxd/history
systemctl start scxd.service
must switch t-simple
must history
contains "$OUT" 'started +simple +t-simple' "scxctl history"
told() { [[ $(journalctl -q -b -o cat MESSAGE_ID=f0a3d8b6e17c4295bc6e2f4a8d0b5c97 _SYSTEMD_UNIT=scxd.service) == *history* ]]; }
wait_for 10 told || fail "the journal does not tell that the history cannot be kept"
must stop
kill $MONITOR
assert_truth
