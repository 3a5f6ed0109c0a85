#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each scheduler survives that a CPU goes and comes back.
. "${0%/*}/lib.sh"
needs_sched_ext
[ -e /sys/devices/system/cpu/cpu1/online ] || skip "this machine has one CPU only"
shipped_schedulers
for n in "${NAMES[@]}"; do profile "t-$n" "$n"; done
define
for n in "${NAMES[@]}"; do
	must switch "t-$n"
	kernel
	seq=$K_SEQ
	for v in 0 1 0 1; do
		echo $v >/sys/devices/system/cpu/cpu1/online
		nap 0.3
	done
	assert_kernel_runs "$n"
	assert_seq "$seq"
	assert_truth
done
