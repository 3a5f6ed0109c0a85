#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The clock jumps by an hour and by a day, forward and back, while a scheduler runs and a retry is pending: the scheduler runs on, the
# retry comes when it was due, and what is noted keeps its order.
. "${0%/*}/faults.bash"
backoff 8000000
broken broken-error
profile t-one interactive
profile t-chain "broken-error: $SOUND" simple
define

# jump SECONDS
SHIFT=0
jump() { date -s "@$((EPOCHSECONDS + $1))" >/dev/null && SHIFT=$((SHIFT + $1)); }
undo eval 'date -s "@$((EPOCHSECONDS - SHIFT))"'

must switch t-one
kernel
seq=$K_SEQ
status
get since
since=$REPLY
for by in 3600 86400 -3600 -172800; do
	jump $by
	assert_kernel_runs interactive
	assert_seq "$seq"
	assert_status since "^$since\$" active_scheduler '^interactive$'
	must status
	contains "$OUT" interactive "scxctl status"
	[[ $OUT != *' -'[0-9]* ]] || fail "a time below zero is shown: $OUT"
done
jump 86400
assert_truth

# A retry is due in 8 s. The clock says that this is long past, then that it is far away: it comes in 8 s.
for by in 86400 -172800; do
	must switch t-chain
	must reset-failed
	wait_for 20 kernel_runs broken-error || fail "broken-error does not run: '$K_OPS' $K_STATE"
	fail_now
	wait_for 20 kernel_runs simple || fail "simple did not take over: '$K_OPS' $K_STATE"
	uptime
	t0=$REPLY
	jump $by
	must history -n 1 --json=short
	nap 4
	uptime
	[ $((REPLY - t0)) -gt 7000 ] || { assert_kernel_runs simple; assert_status outcome 'tried again'; }
	wait_for 20 kernel_runs broken-error || fail "after a jump by $by s it was not tried again: '$K_OPS' $K_STATE"
	uptime
	say "a jump by $by s: tried again after $((REPLY - t0)) ms"
	[ $((REPLY - t0)) -gt 4000 ] || fail "after a jump by $by s it was tried again after $((REPLY - t0)) ms"
	assert_truth
	must stop
	must reset-failed
done

# The order of what happened is that of the numbers, and the text can be shown whatever the clock said.
must history -n 200
must history -n 200 --json=short
ids=$OUT last=0
while [[ $ids =~ \"id\":([0-9]+), ]]; do
	[ "${BASH_REMATCH[1]}" != "$last" ] || fail "an entry appears twice: $OUT"
	last=${BASH_REMATCH[1]}
	ids=${ids#*"${BASH_REMATCH[0]}"}
done
restart
must history -n 200 --json=short
assert_truth
