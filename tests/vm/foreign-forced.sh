#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Switching over a scheduler that somebody else started takes --force; then the kernel ends that one and ours runs.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-interactive interactive
define
pin=/sys/fs/bpf/scxd-test
bpftool struct_ops register /usr/lib/scxd/schedulers/simple.bpf.o $pin >"$TMP/register" 2>&1 || fail "bpftool: $(<"$TMP/register")"
wait_for 10 kernel_runs simple || fail "bpftool did not start it: $(<"$TMP/register")"
refused 1 "--force" switch t-interactive
assert_kernel_runs simple
must switch --force t-interactive
assert_kernel_runs interactive
assert_status origin '^scxd$' active_scheduler '^interactive$' active_profile '^t-interactive$'
assert_truth

# The stale link of the one that was ended does ours no harm when it goes (before 7.1 closing it ends whatever runs: that is the
# kernel's, and we get told).
must stop
rm -rf $pin
assert_kernel_eevdf
assert_truth
