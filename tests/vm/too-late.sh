#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler under which tasks wait too long is replaced, if the profile has a limit for that; without one nothing watches.
# limit: 180
. "${0%/*}/lib.sh"
needs_sched_ext
broken broken-late
profile t-late 'broken-late: {after_ms: 0, slice_ms: 200}' interactive
profile t-patient 'broken-late: {after_ms: 0, slice_ms: 200}' interactive
profile t-alone 'broken-late: {after_ms: 0, slice_ms: 200}'
for p in t-late t-alone; do echo 'watchdog: {max_wakeup_latency: 50ms}' >>"$RUN/profiles/$p.yaml"; done
define
watched() { [ -n "$(bpftool prog list 2>/dev/null | grep -w tracing)" ]; }
load() {
	local i
	HOGS=()
	for i in 1 2 3 4 5 6; do
		(while :; do :; done) &
		HOGS+=($!)
	done
	(while :; do nap 0.02; done) &
	HOGS+=($!)
}
unload() { kill "${HOGS[@]}"; wait "${HOGS[@]}" 2>/dev/null || :; }

! watched || skip "somebody else's tracing program is loaded"
must switch t-patient
assert_kernel_runs broken-late
load
nap 6
assert_kernel_runs broken-late
! watched || fail "a profile without the limit should load nothing: $(bpftool prog list | grep -w tracing)"
unload

must switch t-late
assert_kernel_runs broken-late
wait_for 20 watched || fail "nothing watches"
load
wait_for 60 kernel_runs interactive || fail "it should have been replaced, the kernel runs '$K_OPS' ($K_STATE)"
unload
assert_status active_scheduler '^interactive$' why 'broken-late' kind '^late$' message 'ms'
assert_truth
journal=$(journalctl -q -b -o cat --no-pager MESSAGE_ID=c1d0e7f1b7a24c9e8f1f5b6c6f0a4e12)
contains "$journal" 'broken-late' "the journal"

# At the end of the chain it ends all the same: EEVDF is better than late.
must reset-failed
must switch t-alone
assert_kernel_runs broken-late
load
wait_for 60 kernel_eevdf || fail "it should have been ended, the kernel runs '$K_OPS' ($K_STATE)"
unload
assert_status active_scheduler '^eevdf$' kind '^late$'
assert_truth
must stop
! watched || fail "something is left that watches: $(bpftool prog list | grep -w tracing)"
