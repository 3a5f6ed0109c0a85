#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scxd is killed at each step of a switch, and of a fallback: the machine ends on a working scheduler or EEVDF, nothing is left switched
# on in the kernel, and the next scxd tells the truth.
# limit: 420
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-one simple
profile t-two interactive simple
define

daemon_stopped() {
	local pid comm state rest
	{ read -r pid comm state rest <"/proc/$PID/stat"; } 2>/dev/null && [ "$state" = T ]
}

# stop_at STEP: the next scxd stops itself there. Without a step: it runs on.
stop_at() {
	mkdir -p /run/systemd/system/scxd.service.d
	touch "$SCXD_TEST_WORK/reload"
	if [ -n "$1" ]; then
		printf '[Service]\nEnvironment=SCXD_STOP_AT=%s\n' "$1" >/run/systemd/system/scxd.service.d/stop-at.conf
	else
		rm -f /run/systemd/system/scxd.service.d/stop-at.conf
	fi
	systemctl daemon-reload
}

# kill_it STEP: it has stopped there; the next one is to run on.
kill_it() {
	wait_for 60 daemon_stopped || fail "$1: scxd did not get there"
	stop_at ''
	kill -KILL "$PID"
	wait_for 30 new_daemon "$PID" || fail "$1: no new scxd"
	wait_for 60 is_idle || fail "$1: the new scxd does not come to rest"
	assert_truth
	systemctl reset-failed scxd.service 2>/dev/null || :
}
new_daemon() {
	local state=$(systemctl show -P SubState scxd.service) pid=$(systemctl show -P MainPID scxd.service)
	[ "$state" = running ] && [ "$pid" != "$1" ] && [ "$pid" != 0 ]
}

for step in loading loaded before-detach detached attached verified committed published; do
	must switch t-one
	stop_at $step
	# It adopts what runs, which takes none of these steps; its standby (there is none behind t-one's only scheduler) neither.
	systemctl restart scxd.service
	assert_kernel_runs simple
	daemon_pid
	scxctl switch t-two >"$TMP/switch" 2>&1 &
	client=$!
	kill_it $step
	! wait $client || fail "$step: the client was told that all is well"
	status
	get why
	say "$step: $K_STATE $K_OPS, $REPLY"
	case $step in
	# Nothing was touched yet: it runs on, adopted.
	loading | loaded | before-detach) assert_kernel_runs simple ;;
	# What was there before is gone and nothing was kept: the choice that was saved comes back, or what was chosen.
	*)
		get active_profile
		case $REPLY in
		t-one) assert_kernel_runs simple ;;
		t-two) assert_kernel_runs interactive ;;
		*) assert_kernel_eevdf ;;
		esac
		;;
	esac
done

# The same while it falls back: t-two's first scheduler fails, and scxd dies before it has dealt with that.
for step in ejected attached; do
	must stop
	broken broken-error
	profile t-fall 'broken-error: {after_ms: 25000}' interactive
	define
	must switch t-fall
	assert_kernel_runs broken-error
	stop_at $step
	systemctl restart scxd.service
	daemon_pid
	kill_it "fallback, $step"
	status
	get why
	say "fallback, $step: $K_STATE $K_OPS, $REPLY"
done
