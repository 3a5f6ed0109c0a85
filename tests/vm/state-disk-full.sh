#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A full disk costs what should outlive scxd, says so, and costs nothing else; what was saved before is still there, whole.
. "${0%/*}/faults.bash"
state=/var/lib/scxd
profile t-one simple
profile t-two interactive simple
define

systemctl stop scxd.service
mount -t tmpfs -o size=64k,mode=0755 scxd-test $state || fail "cannot mount a file system of 64 KiB"
undo umount -l $state
undo systemctl stop scxd.service
fill() { head -c 1000000 /dev/zero >$state/filler 2>/dev/null || :; }
start
must switch t-one
saved=$(<$state/state.json)
contains "$saved" t-one "the saved choice"

# Full while it runs: the switch is done and told; what cannot be saved is told, too.
fill
mark
must switch t-two
assert_kernel_runs interactive
must_tell 'The choice cannot be saved in /var/lib/scxd .*No space left'
must_tell 'The history cannot be saved in /var/lib/scxd/history .*No space left'
[ "$(<$state/state.json)" = "$saved" ] || fail "what was saved before is broken now: $(<$state/state.json)"
must history
contains "$OUT" 'started +interactive +t-two' "scxctl history"
assert_status active_profile '^t-two$' active_scheduler '^interactive$'
assert_truth

# It dies on the full disk: the next one takes over what runs, as it is held by systemd and not by a file.
kernel
seq=$K_SEQ
daemon_pid
old=$PID
kill -KILL "$old"
wait_for 30 back "$old" || fail "systemd did not start scxd again"
assert_kernel_runs interactive
assert_seq "$seq"
assert_status active_profile '^t-two$' why 'adopted'
assert_truth

# Stopped and started it knows only what could be saved.
systemctl stop scxd.service
kernel_eevdf || fail "a stop is a stop: '$K_OPS' $K_STATE"
start
wait_for 20 kernel_runs simple || fail "the choice that was saved last should be back, found '$K_OPS' $K_STATE"
assert_status active_profile '^t-one$'
assert_truth

# With room again all is kept again.
rm $state/filler
must switch t-two
contains "$(<$state/state.json)" t-two "the saved choice"
restart
assert_kernel_runs interactive
assert_truth
