#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# systemctl stop: EEVDF, a clean exit, and nothing of ours left in the kernel.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-simple simple
define
must switch t-simple
assert_kernel_runs simple
since=$EPOCHSECONDS
systemctl stop scxd.service
assert_kernel_eevdf
# The unit itself may be forgotten by now, with what it says of its end.
journal=$(journalctl -q -b --no-pager -o cat --since "@$since" -u scxd.service)
[[ $journal == *'Deactivated successfully'* ]] || fail "not a clean end: $journal"
[[ $journal != *'exited, code='* && $journal != *Killing* ]] || fail "not a clean end: $journal"
no_objects() {
	objects=$(bpftool struct_ops show; bpftool link show; bpftool map show; bpftool prog show)
	[[ $objects != *struct_ops* && $objects != *scxd_exit* ]]
}
wait_for 10 no_objects || fail "left in the kernel: $objects"
no_loader || fail "a scxd-loader is left over:$REPLY"
systemctl start scxd.service
wait_for 30 kernel_runs simple || fail "the choice does not outlive a restart: '$K_OPS' $K_STATE"
assert_truth
