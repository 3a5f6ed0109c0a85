#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A state directory that nobody can write, or that is gone, costs what should outlive scxd, and costs nothing else.
. "${0%/*}/faults.bash"
state=/var/lib/scxd
profile t-one simple
profile t-two interactive simple
define
must switch t-one
saved=$(<$state/state.json)
contains "$saved" t-one "the saved choice"

# While it runs.
undo chattr -R -i $state
chattr -R +i $state || skip "this file system knows no immutable files"
mark
must switch t-two
assert_kernel_runs interactive
must_tell 'The choice cannot be saved in /var/lib/scxd .*Operation not permitted'
must_tell 'The history cannot be saved in /var/lib/scxd/history .*Operation not permitted'
[ "$(<$state/state.json)" = "$saved" ] || fail "what was saved before is broken now: $(<$state/state.json)"
assert_status active_profile '^t-two$' active_scheduler '^interactive$'
assert_truth

# From the start.
systemctl stop scxd.service
start
wait_for 20 kernel_runs simple || fail "the choice that was saved last should be back, found '$K_OPS' $K_STATE"
assert_truth
must stop
assert_kernel_eevdf
assert_truth
chattr -R -i $state

# Taken away while it runs.
mv $state/history "$TMP/history"
rm -rf $state/state.json $state/quarantine.json
mark
must switch t-two
assert_kernel_runs interactive
must_tell 'The history cannot be saved'
must history
contains "$OUT" 'started +interactive +t-two' "scxctl history"
restart
assert_kernel_runs interactive
assert_truth
