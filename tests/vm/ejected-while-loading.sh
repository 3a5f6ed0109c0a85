#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What runs is ejected while its standby is still being loaded, while a switch is, and twice in a row: the machine ends on what was
# asked for, the next of the chain, or EEVDF.
# limit: 180
. "${0%/*}/faults.bash"
broken broken-error broken-slow-load broken-dispatch
profile t-standby "broken-error: $SOUND" broken-slow-load
profile t-switch "broken-error: $SOUND" interactive
profile t-slow broken-slow-load
profile t-twice "broken-error: $SOUND" 'broken-dispatch: {after_ms: 0}'
define

# While the standby is being loaded.
must switch t-standby
assert_kernel_runs broken-error
wait_for 20 has_loader || fail "no standby is being loaded"
fail_now
has_loader || fail "the load was over too soon"
wait_for 60 kernel_runs broken-slow-load || fail "the next of the chain did not take over: '$K_OPS' $K_STATE"
wait_for 20 status_has outcome broken-slow-load || fail "the outcome is not told: $JSON"
assert_status active_profile '^t-standby$' active_scheduler '^broken-slow-load$' kind '^(error-bpf|unregistered-bpf)$' scheduler '^broken-error$'
assert_truth

# While a switch to another profile is being loaded.
must reset-failed
must stop
must switch t-switch
assert_kernel_runs broken-error
wait_for 20 no_loader || fail "the standby is not ready"
scxctl switch t-slow >"$TMP/slow.out" 2>"$TMP/slow.err" &
client=$!
wait_for 20 has_loader || fail "no scxd-loader was started"
fail_now
r=0
wait $client || r=$?
[ $r = 0 ] || fail "the switch ended with $r: $(<"$TMP/slow.out") $(<"$TMP/slow.err")"
assert_kernel_runs broken-slow-load
assert_status active_profile '^t-slow$' active_scheduler '^broken-slow-load$'
must history
contains "$OUT" 'ended +broken-error +t-switch +(error-bpf|unregistered-bpf)' "scxctl history"
assert_truth

# Twice in a row, then there is nothing left.
must reset-failed
must stop
must switch t-twice
assert_kernel_runs broken-error
wait_for 20 status_has next_if_failed '^broken-dispatch$' || fail "no standby: $JSON"
listen
fail_now
wait_for 40 kernel_eevdf || fail "EEVDF did not take over: '$K_OPS' $K_STATE"
wait_for 40 status_has outcome EEVDF || fail "the outcome is not told: $JSON"
kernel_eevdf || fail "EEVDF did not take over: '$K_OPS' $K_STATE"
assert_status active_profile '^t-twice$' active_scheduler '^eevdf$' why 'broken-error.*broken-dispatch' scheduler '^broken-dispatch$'
kill $MONITOR
assert_truth
