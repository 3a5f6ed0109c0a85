#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scxd is killed in the middle of a swap, with RCU grace periods expedited: that is set back when it is dead, even if no other scxd
# comes, and the machine is on EEVDF then.
. "${0%/*}/faults.bash"
profile t-one simple
profile t-two interactive
define
must switch t-one
read -r before </sys/kernel/rcu_expedited
[ "$before" = 0 ] || fail "rcu_expedited is $before before the test"
drop_in stop-at 'Environment=SCXD_STOP_AT=detached' 'Restart=no'
restart
assert_kernel_runs simple
daemon_pid
scxctl switch t-two >"$TMP/switch" 2>&1 &
client=$!
stopped() { local pid comm state rest; { read -r pid comm state rest <"/proc/$PID/stat"; } 2>/dev/null && [ "$state" = T ]; }
wait_for 60 stopped || fail "scxd did not get there"
read -r during </sys/kernel/rcu_expedited
[ "$during" = 1 ] || fail "rcu_expedited is $during in a swap: nothing to set back"
mark
kill -KILL "$PID"
set_back() { local v; read -r v </sys/kernel/rcu_expedited; [ "$v" = 0 ]; }
wait_for 20 set_back || fail "rcu_expedited was left switched on by a dead scxd"
must_tell 'Set back rcu_expedited'
! wait $client || fail "the client was told that all is well: $(<"$TMP/switch")"
wait_for 20 kernel_eevdf || fail "the kernel should be on EEVDF: '$K_OPS' $K_STATE"

# With a scxd again, what was chosen comes back.
rm /run/systemd/system/scxd.service.d/stop-at.conf
systemctl daemon-reload
start
wait_for 30 eval 'kernel_runs simple || kernel_runs interactive' || fail "the choice was not taken up: '$K_OPS' $K_STATE"
assert_truth
