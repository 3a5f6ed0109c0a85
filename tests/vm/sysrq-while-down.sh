#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SysRq-S while scxd is dead counts, too: it does not start anything when it comes back.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-chain simple interactive
define
must switch t-chain
assert_kernel_runs simple
mkdir -p /run/systemd/system/scxd.service.d
printf '[Service]\nRestartSec=4s\n' >/run/systemd/system/scxd.service.d/test.conf
touch "$SCXD_TEST_WORK/reload"
systemctl daemon-reload
daemon_pid
kill -KILL "$PID"
wait_for 5 eval '[ ! -e /proc/$PID ]' || fail "scxd does not die"
assert_kernel_runs simple
echo S >/proc/sysrq-trigger
wait_for 20 kernel_eevdf || fail "SysRq-S did not end it: '$K_OPS' $K_STATE"
kernel
seq=$K_SEQ
wait_for 30 systemctl -q is-active scxd.service || fail "systemd did not start scxd again"
assert_status active_profile '^$' active_scheduler '^eevdf$' why SysRq kind '^sysrq$' scheduler '^simple$'
nap 1
assert_kernel_eevdf
assert_seq "$seq"
assert_truth
must switch t-chain
assert_kernel_runs simple
assert_truth
