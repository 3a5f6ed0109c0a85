#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The machine is suspended and resumed: what ran runs on, or, if the kernel ended it for that, runs again; nothing is held against it.
. "${0%/*}/faults.bash"
[ -e /sys/class/rtc/rtc0/wakealarm ] || skip "this machine has no clock that could wake it up"
broken broken-hotplug
profile t-one interactive
profile t-hotplug broken-hotplug simple
define

# sleep_as STATE: for some seconds. TOOK: how long, in ms, by the clock that goes on meanwhile.
sleep_as() {
	local t0=${EPOCHREALTIME/[.,]/}
	timeout 60 rtcwake -m "$1" -s 4 >"$TMP/rtcwake" 2>&1 || return 1
	TOOK=$(((${EPOCHREALTIME/[.,]/} - t0) / 1000))
}

read -r states </sys/power/state
slept=0
for state in freeze mem; do
	[[ " $states " == *" $state "* ]] || continue
	must switch t-one
	kernel
	seq=$K_SEQ
	sleep_as $state || { say "$state: $(<"$TMP/rtcwake")"; continue; }
	slept=$((slept + 1))
	say "$state: asleep for $TOOK ms"
	assert_kernel_runs interactive
	assert_seq "$seq"
	assert_status active_profile '^t-one$' active_scheduler '^interactive$'
	assert_truth

	must switch t-hotplug
	assert_kernel_runs broken-hotplug
	sleep_as $state || fail "it could not be suspended again: $(<"$TMP/rtcwake")"
	wait_for 20 kernel_runs broken-hotplug || fail "after $state it was not started again: '$K_OPS' $K_STATE"
	wait_for 20 is_idle
	assert_status active_profile '^t-hotplug$' active_scheduler '^broken-hotplug$'
	assert_truth
done
[ $slept -gt 0 ] || skip "this machine cannot be suspended"
