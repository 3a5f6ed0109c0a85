#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that somebody else started is shown and left alone.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-interactive interactive
define
pin=/sys/fs/bpf/scxd-test
bpftool struct_ops register /usr/lib/scxd/schedulers/simple.bpf.o $pin >"$TMP/register" 2>&1 || fail "bpftool: $(<"$TMP/register")"
wait_for 10 kernel_runs simple || fail "bpftool did not start it: $(<"$TMP/register")"
seq=$K_SEQ
wait_for 10 status_has origin '^foreign$' || fail "it should be shown as foreign: $JSON"
assert_status active_scheduler '^scxd_simple$' active_profile '^$' why 'scxd_simple' next_if_failed '^$'
assert_truth
refused 1 "Somebody else.*scxd_simple" switch t-interactive
refused 1 "Somebody else.*scxd_simple" stop
must reload
systemctl restart scxd.service
assert_kernel_runs simple
assert_seq "$seq"
assert_status origin '^foreign$'
journal=$(journalctl -q -b -o cat --no-pager MESSAGE_ID=93f6a1c8e2d74b5aa8c3e9f0b4d7c651)
contains "$journal" 'scxd_simple' "the journal"
assert_truth

rm -rf $pin
wait_for 20 kernel_eevdf || fail "it does not end: '$K_OPS' $K_STATE"
wait_for 10 status_has origin '^kernel$' || fail "scxd does not notice its end: $JSON"
assert_truth
must switch t-interactive
assert_kernel_runs interactive

# While one of ours runs, another is refused by the kernel, and ours is not mistaken for it.
! bpftool struct_ops register /usr/lib/scxd/schedulers/simple.bpf.o $pin >"$TMP/register" 2>&1 || fail "the kernel runs two"
assert_kernel_runs interactive
assert_status origin '^scxd$' active_scheduler '^interactive$'
assert_truth
