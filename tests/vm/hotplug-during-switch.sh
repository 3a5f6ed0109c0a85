#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A CPU goes and comes in the middle of switches: each switch is answered, and what was chosen runs.
. "${0%/*}/faults.bash"
cpu=/sys/devices/system/cpu/cpu1/online
[ -e $cpu ] || skip "this machine has one CPU only"
broken broken-hotplug
profile t-one simple
profile t-two interactive simple
profile t-hotplug broken-hotplug simple
define

toggle() { local v=0; while :; do echo $v >$cpu; nap 0.1; v=$((1 - v)); done; }
toggle &
toggler=$!
undo eval "kill $toggler; echo 1 >$cpu"
for i in 1 2 3; do
	must switch t-one
	assert_kernel_runs simple
	must switch t-two
	assert_kernel_runs interactive
done
kill -0 $toggler || fail "the CPU did not come and go"
assert_truth

# One that does not stand it: whatever becomes of it, the machine ends on something that works and the reason is told.
must switch t-hotplug
nap 2
kill $toggler
wait $toggler 2>/dev/null || :
echo 1 >$cpu
wait_for 60 is_idle || fail "scxd does not come to rest: $JSON"
kernel
case $K_OPS in
scxd_broken_hotplug | scxd_simple) ;;
*) fail "neither it nor the next one runs: '$K_OPS' $K_STATE" ;;
esac
say "it ended on $K_OPS"
assert_truth
must history
contains "$OUT" broken-hotplug "scxctl history"
