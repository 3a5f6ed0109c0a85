#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Nothing is kept by systemd: a restart or a crash of scxd ends what runs, and the saved choice is started anew.
. "${0%/*}/faults.bash"
profile t-one simple
profile t-two interactive
define
must switch t-one
drop_in store 'FileDescriptorStoreMax=0'

# With the new setting nothing that runs is handed over.
systemctl stop scxd.service
kernel_eevdf || fail "a stop is a stop: '$K_OPS' $K_STATE"
start
wait_for 20 kernel_runs simple || fail "the choice was not taken up: '$K_OPS' $K_STATE"
assert_truth

kernel
seq=$K_SEQ
restart
wait_for 20 kernel_runs simple || fail "after a restart the choice was not taken up: '$K_OPS' $K_STATE"
kernel
[ "$K_SEQ" -gt "$seq" ] || fail "what ran was handed over, though nothing can be kept"
status
get why
[[ $REPLY != *adopted* ]] || fail "it was not adopted: $REPLY"
assert_status active_profile '^t-one$' why t-one
assert_truth

must switch t-two
daemon_pid
old=$PID
kernel
seq=$K_SEQ
kill -KILL "$old"
wait_for 30 back "$old" || fail "systemd did not start scxd again"
wait_for 20 kernel_runs interactive || fail "after a crash the choice was not taken up: '$K_OPS' $K_STATE"
kernel
[ "$K_SEQ" -gt "$seq" ] || fail "what ran was handed over, though nothing can be kept"
assert_status active_profile '^t-two$' why t-two
assert_truth
