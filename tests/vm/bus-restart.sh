#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The bus is started anew, or hangs: the scheduler runs on, scxd is back by itself and answers, and an ejection meanwhile is dealt with.
. "${0%/*}/faults.bash"
broken broken-error
profile t-chain "broken-error: $SOUND" simple
define
must switch t-chain
wait_for 20 status_has next_if_failed '^simple$' || fail "no standby: $JSON"
kernel
seq=$K_SEQ
daemon_pid
pid=$PID

answers() { scxctl status >/dev/null 2>&1; }
systemctl restart dbus.service || fail "the bus cannot be started anew"
assert_kernel_runs broken-error
wait_for 40 answers || fail "scxd does not come back on the bus"
assert_seq "$seq"
assert_status active_profile '^t-chain$' active_scheduler '^broken-error$'
must_tell 'The system bus went away'
must_tell 'Back on the system bus'
daemon_pid
[ "$PID" = "$pid" ] || fail "scxd was restarted with the bus"
assert_truth

# The bus hangs for some seconds, in which what runs ends. (Without dbus.socket there is no scxd either: the unit requires it.)
bus=$(systemctl show -P MainPID dbus.service)
undo kill -CONT "$bus"
kill -STOP "$bus"
fail_now
wait_for 20 kernel_runs simple || fail "while the bus hangs simple did not take over: '$K_OPS' $K_STATE"
kill -CONT "$bus"
wait_for 60 answers || fail "scxd does not answer when the bus goes on"
assert_status active_profile '^t-chain$' active_scheduler '^simple$' kind '^error-bpf$' scheduler '^broken-error$' outcome simple
must switch t-chain
assert_kernel_runs broken-error
assert_truth
