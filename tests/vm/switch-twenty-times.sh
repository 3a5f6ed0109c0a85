#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Twenty switches among all profiles: each answer is true at once, the bus tells of each, and nothing is leaked.
# limit: 240
. "${0%/*}/lib.sh"
needs_sched_ext
shipped_profiles

count_fds() { local f=("/proc/$PID/fd"/*); REPLY=${#f[@]}; }

daemon_pid
# Whatever is allocated once is allocated now.
must switch "${PROFILES[0]}"
must stop
count_fds
fds=$REPLY
listen

told=()
before=
for ((i = 0; i < 20; i++)); do
	p=${PROFILES[i % ${#PROFILES[@]}]}
	must switch "$p" --json=short
	kernel
	json_get "$OUT" scheduler
	scheduler=$REPLY
	if [ "$scheduler" = eevdf ]; then
		[ "$K_STATE" = disabled ] || fail "switch $p: the answer is EEVDF, the kernel runs $K_OPS ($K_STATE)"
	else
		ops_of "$scheduler"
		[ "$K_STATE,$K_OPS" = "enabled,$REPLY" ] || fail "switch $p: the answer is $scheduler, the kernel runs '$K_OPS' ($K_STATE)"
	fi
	json_get "$OUT" profile
	[ "$REPLY" = "$p" ] || fail "switch $p: the answer is for '$REPLY'"
	[[ $OUT == *'"warnings":[]'* ]] || fail "switch $p: $OUT"
	[ "$p" = "$before" ] || told+=("$p")
	before=$p
done
assert_status active_profile "^$before\$"
assert_truth

# The profiles that the change signals named, in order.
nap 1
heard_profiles=()
while IFS= read -r line; do
	[[ $line == *'"event":"changed"'* ]] || continue
	[[ $line =~ \"active_profile\":\"([a-z0-9_-]+)\" ]] || continue
	n=${#heard_profiles[@]}
	[ "$n" -gt 0 ] && [ "${heard_profiles[n - 1]}" = "${BASH_REMATCH[1]}" ] || heard_profiles+=("${BASH_REMATCH[1]}")
done <"$TMP/monitor"
[ "${told[*]}" = "${heard_profiles[*]}" ] || fail "the bus should tell of: ${told[*]}; it told of: ${heard_profiles[*]}"
kill $MONITOR

must stop
count_fds
[ "$REPLY" -le "$fds" ] || fail "scxd had $fds files open before 20 switches and $REPLY after: $(ls -l "/proc/$PID/fd")"
wait_for 10 no_loader || fail "a scxd-loader is left over:$REPLY"
old=$PID
daemon_pid
[ "$old" = "$PID" ] || fail "scxd was restarted meanwhile"
assert_truth
