#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# If scxd fails for good, EEVDF is back by itself; when it is started again it takes up the choice.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-simple simple
define
must switch t-simple
mkdir -p /run/systemd/system/scxd.service.d
printf '[Service]\nRestart=no\n' >/run/systemd/system/scxd.service.d/test.conf
touch "$SCXD_TEST_WORK/reload"
systemctl daemon-reload
daemon_pid
kill -KILL "$PID"
wait_for 20 kernel_eevdf || fail "nobody watches over it any more, but it goes on: '$K_OPS' $K_STATE"
systemctl start scxd.service
wait_for 20 kernel_runs simple || fail "the choice was not taken up: '$K_OPS' $K_STATE"
assert_status active_profile '^t-simple$'
assert_truth
