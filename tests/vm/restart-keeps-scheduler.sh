#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A restart of scxd does not interrupt the scheduler, and the new one watches over it as before.
. "${0%/*}/lib.sh"
needs_sched_ext
broken broken-error
profile t-simple simple interactive
profile t-error 'broken-error: {after_ms: 9000}' interactive
define
# So many restarts would meet systemd's limit.
restart() { systemctl reset-failed scxd.service && systemctl restart scxd.service; }

must switch t-simple
kernel
seq=$K_SEQ
status
get since
since=$REPLY
get why
why=$REPLY
for i in 1 2; do
	restart
	assert_kernel_runs simple
	assert_seq "$seq"
	assert_status active_profile '^t-simple$' active_scheduler '^simple$' origin '^scxd$' since "^$since\$" next_if_failed '^interactive$'
	get why
	[[ $REPLY == "$why"* ]] || fail "the reason was '$why' and is '$REPLY'"
	[[ $REPLY == *adopted* && $REPLY != *adopted*adopted* ]] || fail "the reason should tell once that it was adopted: '$REPLY'"
	assert_truth
done
daemon_pid
no_leftover() { local f=("/proc/$PID/fd"/*); REPLY=${#f[@]}; }
no_leftover
[ "$REPLY" -lt 64 ] || fail "scxd has $REPLY files open"

# The end of one that was adopted is noticed, with its own words.
must switch t-error
assert_kernel_runs broken-error
restart
assert_kernel_runs broken-error
wait_for 40 kernel_runs interactive || fail "interactive did not take over: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome interactive || fail "the outcome does not tell that interactive took over: $JSON"
assert_status active_profile '^t-error$' kind '^error-bpf$' scheduler '^broken-error$' message 'ended on purpose' why broken-error
assert_truth
# What has failed is not tried again only because scxd was restarted.
kernel
seq=$K_SEQ
restart
assert_kernel_runs interactive
assert_seq "$seq"
assert_status why broken-error
assert_truth

# A choice that is no longer defined is not kept.
must switch t-simple
rm $RUN/profiles/t-simple.yaml
restart
wait_for 10 kernel_eevdf || fail "what is no longer defined goes on: '$K_OPS' $K_STATE"
assert_status why 't-simple.*no longer defined'
assert_truth
