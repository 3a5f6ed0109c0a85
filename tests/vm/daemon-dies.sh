#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scxd is killed for lack of memory, aborts, crashes, or hangs so that systemd's watchdog ends it: each time what runs goes on without
# interruption, the next scxd adopts it, and systemd tells what happened.
# limit: 180
. "${0%/*}/faults.bash"
profile t-one simple
define
must switch t-one
kernel
seq=$K_SEQ

adopted() {
	wait_for 40 back "$old" || fail "$1: systemd did not start scxd again"
	assert_kernel_runs simple
	assert_seq "$seq"
	assert_status active_profile '^t-one$' active_scheduler '^simple$' origin '^scxd$' why adopted
	must_tell "$2"
	assert_truth
	systemctl reset-failed scxd.service 2>/dev/null || :
	mark
}

for signal in ABRT SEGV; do
	daemon_pid
	old=$PID
	kill -$signal "$old"
	adopted "SIG$signal" "status=[0-9]+/$signal"
done

# No memory left in its control group, until it is dead: what systemd starts there next needs some.
limit=/sys/fs/cgroup/system.slice/scxd.service/memory.max
[ -e $limit ] || fail "there is no control group with a memory limit"
daemon_pid
old=$PID
undo eval "echo max >$limit"
{ echo 0 >$limit; } 2>/dev/null &
for ((i = 0; i < 300; i++)); do
	[ -e "/proc/$old" ] || break
	nap 0.1
done
echo max >$limit || :
[ ! -e "/proc/$old" ] || fail "scxd lives without memory"
adopted 'out of memory' 'oom-kill'

# It hangs. The limit is shortened to 3 s.
drop_in watchdog 'WatchdogSec=3s'
restart
assert_kernel_runs simple
assert_seq "$seq"
mark
daemon_pid
old=$PID
uptime
t0=$REPLY
kill -STOP "$old"
adopted 'hanging' "[Ww]atchdog timeout"
uptime
say "a hanging scxd was replaced after $((REPLY - t0)) ms"
