# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests that do something to the machine itself share, beside lib.sh. Sourced.

. "${BASH_SOURCE[0]%/*}/lib.sh"
needs_sched_ext

# undo COMMAND…: done at the end of the test, whatever its result, last first.
UNDO=()
undo() { UNDO+=("${*@Q}"); }
undo_all() {
	local i
	trap - ERR
	for ((i = ${#UNDO[@]} - 1; i >= 0; i--)); do eval "${UNDO[i]}" >/dev/null 2>&1; done
	UNDO=()
}
trap undo_all EXIT

# uptime: whole milliseconds that no change of the clock can touch, in REPLY.
uptime() {
	local text
	read -r text _ </proc/uptime
	text=${text/./}0
	REPLY=$((10#$text))
}

# mark: from here on the journal is searched. told PATTERN: whether scxd or systemd (of scxd) wrote it since then.
mark() {
	CURSOR=$(journalctl -q -b -n 0 --show-cursor) || fail "the journal cannot be read"
	CURSOR=${CURSOR#*cursor: }
}
told() { TOLD=$(journalctl -q -b -o cat --no-pager --after-cursor="$CURSOR" -u scxd.service) && [[ $TOLD =~ $1 ]]; }
must_tell() { wait_for 20 told "$1" || fail "the journal should tell '$1', it says: $TOLD"; }
mark

# drop_in NAME LINE…: changes the service, without a restart.
drop_in() {
	local name=$1
	shift
	mkdir -p /run/systemd/system/scxd.service.d
	printf '%s\n' '[Service]' "$@" >"/run/systemd/system/scxd.service.d/$name.conf"
	: >"$SCXD_TEST_WORK/reload"
	systemctl daemon-reload
}

# Each start counts towards systemd's limit.
start() { systemctl reset-failed scxd.service 2>/dev/null || :; systemctl start scxd.service || fail "scxd does not start"; }
restart() { systemctl reset-failed scxd.service 2>/dev/null || :; systemctl restart scxd.service || fail "scxd does not start again"; }

# back PID: another scxd than this runs and answers.
back() { PID=$(systemctl show -P MainPID scxd.service); [ "$PID" != 0 ] && [ "$PID" != "$1" ] && scxctl status >/dev/null 2>&1; }

# What broken-error is told before fail_now.
SOUND='{after_ms: 3600000}'

# fail_now: broken-error, which runs, ends itself now, whatever it was told.
fail_now() {
	local map types values id btf offset
	# bpftool gives up when a map of somebody's goes away while it looks through them.
	wait_for 10 eval 'map=$(bpftool -j map show name broken_e.data 2>&1)' || fail "bpftool does not find the variables of broken-error: $map"
	# The last: the kernel frees the variables of earlier runs some time after their end.
	[[ $map =~ .*\"id\":([0-9]+).*\"btf_id\":([0-9]+) ]] || fail "found no variables of broken-error: $map"
	id=${BASH_REMATCH[1]} btf=${BASH_REMATCH[2]}
	types=$(bpftool btf dump id "$btf")
	[[ $types =~ offset=([0-9]+)\ size=4\ \(VAR\ \'after_ms\'\) ]] || fail "broken-error has no variable 'after_ms': $types"
	offset=${BASH_REMATCH[1]}
	values=$(bpftool -j map dump id "$id")
	[[ $values =~ \"value\":\[([^]]*)\] ]] || fail "found no values of broken-error: $values"
	IFS=, read -ra values <<<"${BASH_REMATCH[1]//\"/}"
	values[offset]=0 values[offset + 1]=0 values[offset + 2]=0 values[offset + 3]=0
	bpftool map update id "$id" key 0 0 0 0 value "${values[@]}"
}
