#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SysRq-S is a decision: EEVDF, over reload and restart, until somebody switches.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-chain simple interactive
define
must switch t-chain
assert_kernel_runs simple
echo S >/proc/sysrq-trigger
wait_for 20 kernel_eevdf || fail "SysRq-S did not end it: '$K_OPS' $K_STATE"
wait_for 10 status_has why 'SysRq' || fail "the reason does not name SysRq-S: $JSON"
assert_status active_profile '^$' kind '^sysrq$' scheduler '^simple$'
kernel
seq=$K_SEQ
must reload
assert_truth
systemctl restart scxd.service
assert_status why 'SysRq' active_scheduler '^eevdf$'
nap 2
assert_kernel_eevdf
assert_seq "$seq"
assert_truth
must switch t-chain
assert_kernel_runs simple
assert_status why 't-chain'
[[ $JSON != *SysRq* ]] || fail "SysRq-S should be lifted: $JSON"
assert_truth
