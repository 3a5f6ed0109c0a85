#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SIGKILL of scxd: systemd starts it again, what ran goes on without interruption, and without a choice the machine stays on EEVDF.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-simple simple
define

daemon_back() { PID=$(systemctl show -P MainPID scxd.service); [ "$PID" != 0 ] && [ "$PID" != "$old" ] && scxctl status >/dev/null 2>&1; }
kill_daemon() {
	daemon_pid
	old=$PID
	kill -KILL "$old"
	wait_for 30 daemon_back || fail "systemd did not start scxd again"
}

kill_daemon
assert_kernel_eevdf
assert_status active_profile '^$' active_scheduler '^eevdf$'
assert_truth

must switch t-simple
kernel
seq=$K_SEQ
kill_daemon
assert_kernel_runs simple
assert_seq "$seq"
assert_status active_profile '^t-simple$' active_scheduler '^simple$' origin '^scxd$' why t-simple
assert_truth

must stop
kill_daemon
assert_kernel_eevdf
assert_status active_profile '^$'
assert_truth
