#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A CPU can go and come back under each scheduler while more tasks than CPUs are busy, some of them bound to that CPU.
# limit: 240
. "${0%/*}/lib.sh"
needs_sched_ext
cpu=/sys/devices/system/cpu/cpu1/online
[ -e $cpu ] || skip "this machine has one CPU only"
shipped_schedulers
for n in "${NAMES[@]}"; do profile "t-$n" "$n"; done
define

hog() { while :; do :; done; }
bound() { taskset -pc 1 "$BASHPID" >/dev/null 2>&1 || :; hog; }
# Reading whether it is online waits for the change, too.
set_cpu() {
	rm -f "$TMP/changed"
	{ echo "$1" >$cpu && : >"$TMP/changed"; } &
	writer=$!
	wait_for 15 [ -e "$TMP/changed" ]
}

bad=
for n in "${NAMES[@]}"; do
	must switch "t-$n"
	kernel
	seq=$K_SEQ
	tasks=()
	for f in hog hog hog bound bound bound; do $f & tasks+=($!); disown; done
	nap 1
	for v in 0 1 0 1 0 1; do
		# Noted, to see which schedulers are concerned: stopping one lets the CPU go.
		set_cpu $v || { bad+=" $n"; say "under $n CPU 1 did not become $v within 15 s"; scxctl stop; wait $writer || :; break; }
		nap 0.2
	done
	kill -KILL "${tasks[@]}"
	echo 1 >$cpu || :
	[[ $bad == *" $n" ]] || { assert_kernel_runs "$n"; assert_seq "$seq"; assert_truth; }
done
[ -z "$bad" ] || fail "CPU hotplug hangs under:$bad"
