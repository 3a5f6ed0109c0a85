#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Stopping ends the scheduler at once and for good, and stopping again is no error.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-simple simple
define
must stop
contains "$OUT" EEVDF "scxctl stop"
assert_truth
must switch t-simple
must stop --json=short
assert_kernel_eevdf
json_get "$OUT" was
[ "$REPLY" = simple ] || fail "the answer should name simple: $OUT"
assert_status active_profile '^$' why 'root asked to stop'
kernel
seq=$K_SEQ
systemctl restart scxd.service
assert_kernel_eevdf
assert_status active_profile '^$' why stop
assert_seq "$seq"
must stop
assert_truth
