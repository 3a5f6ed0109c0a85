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

# To memory only: QEMU's machine does not wake up from suspend to idle.
read -r states </sys/power/state
[[ " $states " == *' mem '* && $(</sys/power/mem_sleep) == *'[deep]'* ]] || skip "this machine cannot be suspended to memory"
must switch t-one
kernel
seq=$K_SEQ
sleep_as mem || fail "it was not suspended: $(<"$TMP/rtcwake")"
say "asleep for $TOOK ms"
assert_kernel_runs interactive
assert_seq "$seq"
assert_status active_profile '^t-one$' active_scheduler '^interactive$'
assert_truth

# One that the kernel ends for that.
must switch t-hotplug
assert_kernel_runs broken-hotplug
kernel
seq=$K_SEQ
sleep_as mem || fail "it could not be suspended again: $(<"$TMP/rtcwake")"
again() { kernel_runs broken-hotplug && [ "$K_SEQ" -gt "$seq" ]; }
wait_for 30 again || fail "it was not started again: '$K_OPS' $K_STATE"
wait_for 20 is_idle || fail "scxd does not come to rest: $JSON"
assert_status active_profile '^t-hotplug$' active_scheduler '^broken-hotplug$' scheduler '^broken-hotplug$' kind '^unregistered-kernel$'
must why
must history
contains "$OUT" 'ended +broken-hotplug +t-hotplug +unregistered-kernel' "scxctl history"
assert_truth
