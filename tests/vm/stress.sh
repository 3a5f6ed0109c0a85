#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Each scheduler runs fork storms, sleepers, busy loops, pinned and niced tasks and hotplug for 20 s and is not ejected.
# limit: 240
. "${0%/*}/lib.sh"
needs_sched_ext
shipped_schedulers
for n in "${NAMES[@]}"; do profile "t-$n" "$n"; done
define

children=()
begin() { "$@" & children+=($!); }
hog() { while :; do :; done; }
forks() { while :; do (:) & (:) & (:) & wait $!; done; }
sleeper() { local i; while :; do nap 0.003; for ((i = 0; i < 50; i++)); do :; done; done; }
pinned() { pin "$1"; hog; }
niced() { renice -n "$1" -p "$BASHPID" >/dev/null; hog; }
# A CPU that is offline takes nobody.
pin() { taskset -pc "$1" "$BASHPID" >/dev/null 2>&1 || :; }
moving() { while :; do pin 1; pin 0; done; }
batch() { chrt -b -p 0 "$BASHPID"; hog; }
idle() { chrt -i -p 0 "$BASHPID"; hog; }

for n in "${NAMES[@]}"; do
	must switch "t-$n"
	kernel
	seq=$K_SEQ
	children=()
	begin hog
	begin hog
	begin forks
	for i in 1 2 3 4 5 6; do begin sleeper; done
	begin pinned 1
	begin niced 19
	begin niced -10
	begin moving
	begin batch
	begin idle
	end=$((SECONDS + 20)) v=0
	while [ $SECONDS -lt $end ]; do
		nap 2
		[ ! -e /sys/devices/system/cpu/cpu1/online ] || echo $v >/sys/devices/system/cpu/cpu1/online
		v=$((1 - v))
		kernel
		[ "$K_OPS,$K_SEQ" = "scxd_$n,$seq" ] || { status; fail "$n was ejected: found '$K_OPS' ($K_STATE): $JSON"; }
	done
	[ ! -e /sys/devices/system/cpu/cpu1/online ] || echo 1 >/sys/devices/system/cpu/cpu1/online
	kill -KILL "${children[@]}" || :
	wait "${children[@]}" 2>/dev/null || :
	assert_kernel_runs "$n"
	assert_seq "$seq"
	assert_truth
done
