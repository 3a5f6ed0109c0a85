#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that the kernel ends on CPU hotplug is started again, a limited number of times, then the next takes over.
# limit: 240
. "${0%/*}/lib.sh"
needs_sched_ext
[ -e /sys/devices/system/cpu/cpu1/online ] || skip "this machine has one CPU only"
broken broken-hotplug
profile t-chain broken-hotplug simple
define
must switch t-chain
assert_kernel_runs broken-hotplug

restarted() { kernel; [ "$K_STATE" = enabled ] && [ "$K_SEQ" -gt "$seq" ]; }
start=$SECONDS
for ((i = 0; i < 6; i++)); do
	kernel
	seq=$K_SEQ
	echo $((i % 2)) >/sys/devices/system/cpu/cpu1/online
	wait_for 30 restarted || fail "nothing was started after hotplug $((i + 1)): '$K_OPS' $K_STATE"
	wait_for 30 is_idle || fail "scxd does not come to rest: $JSON"
	assert_status kind '^unregistered-kernel$' scheduler '^broken-hotplug$'
	kernel
	if [ $i -lt 5 ]; then
		[ "$K_OPS" = scxd_broken_hotplug ] || fail "hotplug $((i + 1)): it should be started again, found '$K_OPS' ($JSON)"
	fi
done
[ $((SECONDS - start)) -lt 60 ] || skip "this machine is too slow: 6 hotplugs took $((SECONDS - start)) s, the limit is for 60 s"
[ "$K_OPS" = scxd_simple ] || fail "after 6 restarts within a minute simple should take over, found '$K_OPS' $K_STATE: $JSON"
assert_status active_scheduler '^simple$' why broken-hotplug
assert_truth
