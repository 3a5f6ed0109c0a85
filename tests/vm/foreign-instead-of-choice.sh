#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# When a foreign scheduler ends, the choice that had to wait for it is brought up.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-interactive interactive
define
must switch t-interactive
systemctl stop scxd.service
assert_kernel_eevdf
pin=/sys/fs/bpf/scxd-test
bpftool struct_ops register /usr/lib/scxd/schedulers/simple.bpf.o $pin >"$TMP/register" 2>&1 || fail "bpftool: $(<"$TMP/register")"
systemctl start scxd.service
assert_status origin '^foreign$' active_profile '^t-interactive$'
assert_kernel_runs simple
assert_truth
rm -rf $pin
wait_for 30 kernel_runs interactive || fail "the choice should come up: '$K_OPS' $K_STATE"
assert_status active_profile '^t-interactive$' active_scheduler '^interactive$' origin '^scxd$'
assert_truth
