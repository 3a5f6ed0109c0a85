# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests in the guest share. Sourced. A process costs 50 ms and more under emulation: builtins wherever they will do.

set -uE -o pipefail
export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

SYS=/sys/kernel/sched_ext
SCHEDULERS=/usr/lib/scxd-tests/schedulers       # the deliberately broken ones
SHIPPED=/usr/share/scxd
RUN=/run/scxd
TMP=${SCXD_TEST_TMP:-/tmp}
HERE=$(readlink -f "${BASH_SOURCE[0]%/*}")

exec {NAP}<> <(:)       # never has anything to read
nap() { read -rt "$1" -u "$NAP" || :; }

fail() {
	printf '%s\n' "FAILED: $*" "at ${BASH_SOURCE[1]##*/}:${BASH_LINENO[0]}${BASH_SOURCE[2]:+, from ${BASH_SOURCE[2]##*/}:${BASH_LINENO[1]}}" >&2
	exit 1
}
say() { printf '%s\n' "$*"; }
skip() { printf '%s\n' "$*" >"$TMP/skip"; exit 77; }

# A command that fails without anybody having thought of it fails the test, too.
trap 'fail "unexpected status $? of: $BASH_COMMAND"' ERR

needs_sched_ext() { [ -e $SYS/state ] || skip "this kernel has no sched_ext"; }

# --- the kernel's word ---

# kernel: K_STATE, K_OPS, K_SEQ from /sys, without asking scxd or starting anything.
kernel() {
	K_STATE=unsupported K_OPS='' K_SEQ=0
	[ -e $SYS/state ] || return 0
	read -r K_STATE <$SYS/state
	read -r K_SEQ <$SYS/enable_seq
	{ read -r K_OPS <$SYS/root/ops; } 2>/dev/null || K_OPS=''
}

# ops_of NAME: the kernel's name of a scheduler of ours, in REPLY.
ops_of() { REPLY=scxd_${1//-/_}; }

assert_kernel_runs() {
	ops_of "$1"
	kernel
	[ "$K_STATE" = enabled ] && [ "$K_OPS" = "$REPLY" ] || fail "the kernel should run $REPLY, found '$K_OPS', $K_STATE"
}
assert_kernel_eevdf() {
	kernel
	[ "$K_STATE" = disabled ] || fail "the kernel should be on EEVDF, found '$K_OPS', $K_STATE"
}
assert_seq() {
	kernel
	[ "$K_SEQ" = "$1" ] || fail "no scheduler should have been enabled: enable_seq was $1, found $K_SEQ"
}

# --- scxctl ---

# ctl ARGS…: runs scxctl. OUT, ERR, STATUS.
ctl() {
	STATUS=0
	scxctl "$@" >"$TMP/out" 2>"$TMP/err" || STATUS=$?
	OUT=$(<"$TMP/out") ERR=$(<"$TMP/err")
}
must() {
	ctl "$@"
	[ $STATUS = 0 ] || fail "scxctl $* ended with $STATUS: $ERR"
}
# refused STATUS PATTERN ARGS…
refused() {
	local want=$1 pattern=$2
	shift 2
	ctl "$@"
	[ $STATUS = "$want" ] || fail "scxctl $* should end with $want, ended with $STATUS: $OUT $ERR"
	contains "$ERR" "$pattern" "scxctl $*: the message"
}
# contains TEXT PATTERN WHAT: PATTERN is an extended regular expression.
contains() { [[ $1 =~ $2 ]] || fail "$3 should match '$2', found: $1"; }

# status: everything, in JSON. Then `get KEY` sets REPLY (keys are unique: nested ones have names of their own).
status() {
	must status --json=short
	JSON=$OUT
}
get() { json_get "$JSON" "$1"; }
json_get() {
	local string="\"$2\":\"(([^\"\\\\]|\\\\.)*)\"" other="\"$2\":([^,}\"]+)"
	if [[ $1 =~ $string ]]; then
		REPLY=${BASH_REMATCH[1]}
	elif [[ $1 =~ $other ]]; then
		REPLY=${BASH_REMATCH[1]}
	else
		REPLY=
	fi
}
assert_status() {
	status
	while [ $# -gt 0 ]; do
		get "$1"
		[[ $REPLY =~ $2 ]] || fail "status: $1 should match '$2', found '$REPLY' in $JSON"
		shift 2
	done
}

# wait_for SECONDS COMMAND…: until it succeeds; looks ten times a second.
wait_for() {
	local limit=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $limit ] || return 1
		nap 0.1
	done
}
kernel_runs() { kernel; ops_of "$1"; [ "$K_STATE" = enabled ] && [ "$K_OPS" = "$REPLY" ]; }
kernel_eevdf() { kernel; [ "$K_STATE" = disabled ]; }
is_idle() { status; get activity; [ "$REPLY" = idle ]; }
status_has() { status; get "$1"; [[ $REPLY =~ $2 ]]; }

# What scxd says is what the kernel does. Called at the end of every test.
assert_truth() {
	local seq ops state tries expedited
	for tries in 1 2 3 4 5; do
		wait_for 60 is_idle || fail "scxd does not come to rest: $JSON"
		kernel
		seq=$K_SEQ ops=$K_OPS state=$K_STATE
		status
		kernel
		[ "$seq,$ops,$state" = "$K_SEQ,$K_OPS,$K_STATE" ] && break
		[ $tries != 5 ] || fail "the kernel does not come to rest: $K_STATE $K_OPS"
	done
	get kernel_state
	[ "$REPLY" = "$K_STATE" ] || fail "scxd says the kernel's state is '$REPLY', the kernel says '$K_STATE'"
	get kernel_ops
	[ "$REPLY" = "$K_OPS" ] || fail "scxd says the kernel's ops are '$REPLY', the kernel says '$K_OPS'"
	get why
	[ -n "$REPLY" ] || fail "scxd gives no reason: $JSON"
	get active_scheduler
	local scheduler=$REPLY
	get origin
	case $K_STATE,$REPLY in
	enabled,scxd) ops_of "$scheduler"; [ "$K_OPS" = "$REPLY" ] || fail "scxd says $scheduler runs, the kernel runs $K_OPS" ;;
	enabled,foreign) [ "$K_OPS" = "$scheduler" ] || fail "scxd says $scheduler runs, the kernel runs $K_OPS" ;;
	disabled,kernel | unsupported,kernel) [ "$scheduler" = eevdf ] || fail "scxd says $scheduler runs, the kernel is on EEVDF" ;;
	*) fail "scxd says '$REPLY' started what runs, the kernel is $K_STATE" ;;
	esac
	# Set for the length of a swap only.
	{ read -r expedited </sys/kernel/rcu_expedited; } 2>/dev/null || expedited=0
	[ "$expedited" = 0 ] || fail "rcu_expedited was left at $expedited"
}

# --- files ---

# broken NAME…: defines these schedulers, at run time.
broken() {
	local n line
	mkdir -p $RUN/schedulers
	for n; do
		while IFS= read -r line; do
			[ "${line#object: }" = "$line" ] || line="object: $SCHEDULERS/${line#object: }"
			printf '%s\n' "$line"
		done <"$SCHEDULERS/$n.yaml" >"$RUN/schedulers/$n.yaml"
	done
}
# profile NAME SCHEDULER…: one line each, such as 'simple' or 'broken-error: {after_ms: 100}'.
profile() {
	local name=$1 s
	shift
	[ -d $RUN/profiles ] || mkdir -p $RUN/profiles
	{
		printf 'name: %s\ndescription: Test\n' "$name"
		if [ $# = 0 ]; then echo 'schedulers: []'; else echo 'schedulers:'; fi
		for s; do printf '  - %s\n' "$s"; done
	} >"$RUN/profiles/$name.yaml"
}
define() { must reload; }

# shipped_profiles: PROFILES, the names of what is installed.
shipped_profiles() {
	local f
	PROFILES=()
	for f in $SHIPPED/profiles/*.yaml; do f=${f##*/}; PROFILES+=("${f%.yaml}"); done
	[ ${#PROFILES[@]} -gt 0 ] || fail "no profile is installed in $SHIPPED/profiles"
}
shipped_schedulers() {
	local f
	NAMES=()
	for f in $SHIPPED/schedulers/*.yaml; do f=${f##*/}; NAMES+=("${f%.yaml}"); done
	[ ${#NAMES[@]} -gt 0 ] || fail "no scheduler is installed in $SHIPPED/schedulers"
}

# --- the daemon ---

daemon_pid() { PID=$(systemctl show -P MainPID scxd.service) && [ "$PID" -gt 0 ] || fail "scxd does not run"; }

# backoff USEC: scxd starts anew, and waits so long before it first tries again what has failed. Undone by run.
backoff() {
	mkdir -p /run/systemd/system/scxd.service.d
	printf '[Service]\nEnvironment=SCXD_BACKOFF_USEC=%s\n' "$1" >/run/systemd/system/scxd.service.d/backoff.conf
	: >"$SCXD_TEST_WORK/reload"
	systemctl daemon-reload
	systemctl restart scxd.service
}

# loaders: the pids of scxd-loader processes (zombies, too) in REPLY; without starting anything.
loaders() {
	local f comm
	REPLY=
	for f in /proc/[0-9]*; do
		{ read -r comm <"$f/comm"; } 2>/dev/null || continue
		[ "$comm" != scxd-loader ] || REPLY+=" ${f#/proc/}"
	done
}
has_loader() { loaders; [ -n "$REPLY" ]; }
no_loader() { loaders; [ -z "$REPLY" ]; }

# listen: everything the bus tells of the manager from now on, a JSON object a line, in $TMP/monitor.
listen() {
	scxctl monitor --json=short >"$TMP/monitor" 2>&1 &
	MONITOR=$!
	wait_for 20 heard '"event":"state"' || fail "scxctl monitor says nothing"
}
heard() { [[ $(<"$TMP/monitor") =~ $1 ]]; }

# knob MAP NAME: the value that the running program has, in REPLY. MAP is as the kernel names it ("simple.data"). The kernel frees the
# maps of a scheduler some time after its end, so the newest counts, which is the last in the list.
knob() {
	local dump re="\"$2\": *([^],}[:space:]]+)"
	dump=$(bpftool map dump name "$1") || fail "cannot read map $1"
	REPLY=
	while [[ $dump =~ $re ]]; do
		REPLY=${BASH_REMATCH[1]}
		dump=${dump#*"${BASH_REMATCH[0]}"}
	done
	[ -n "$REPLY" ] || fail "map $1 has no $2"
}

# --- how a bad scheduler must end ---

# falls_back NAME KNOBS KIND PATTERN: in a chain simple takes over, alone EEVDF does; the reason is told. For those that start first
# and fail later.
falls_back() {
	local name=$1 knobs=$2 kind=$3 pattern=$4
	broken "$name"
	profile t-chain "$name: $knobs" simple
	profile t-alone "$name: $knobs"
	define
	listen

	must switch t-chain
	contains "$OUT" "$name" "scxctl switch"
	wait_for 40 kernel_runs simple || fail "simple did not take over: '$K_OPS' $K_STATE"
	wait_for 10 status_has outcome simple || fail "the outcome does not tell that simple took over: $JSON"
	assert_status active_profile '^t-chain$' active_scheduler '^simple$' why "$name" scheduler "^$name\$" profile '^t-chain$' kind "^($kind)\$" \
		message "$pattern"
	wait_for 10 heard '"event":"ejected"' || fail "nobody was told of the ejection: $(<"$TMP/monitor")"
	assert_truth

	must switch t-alone
	wait_for 40 kernel_eevdf || fail "EEVDF did not take over: '$K_OPS' $K_STATE"
	wait_for 10 status_has outcome EEVDF || fail "the outcome does not tell of EEVDF: $JSON"
	assert_status active_profile '^t-alone$' active_scheduler '^eevdf$' why "$name" scheduler "^$name\$" profile '^t-alone$' kind "^($kind)\$" \
		message "$pattern"
	kill $MONITOR
	assert_truth
}

# fails_to_start NAME STAGE KIND PATTERN: in a chain simple runs at once; alone nothing changes. STAGE load: what runs was not even
# interrupted; swap: it runs again.
fails_to_start() {
	local name=$1 stage=$2 kind=$3 pattern=$4 seq
	broken "$name"
	profile t-chain "$name" simple
	profile t-alone "$name"
	profile t-good interactive
	define

	must switch t-chain --json=short
	kernel
	[ "$K_OPS" = scxd_simple ] || fail "simple should run at once, found '$K_OPS' $K_STATE"
	json_get "$OUT" scheduler
	[ "$REPLY" = simple ] || fail "the answer should name simple: $OUT"
	assert_status why "$name" active_profile '^t-chain$'
	[ "$kind" = none ] || assert_status scheduler "^$name\$" kind "^($kind)\$" message "$pattern"
	assert_truth

	must switch t-good
	kernel
	seq=$K_SEQ
	refused 1 "$pattern" switch t-alone
	assert_kernel_runs interactive
	[ $stage != load ] || assert_seq "$seq"
	assert_status active_profile '^t-good$' active_scheduler '^interactive$'
	assert_truth

	must stop
	refused 1 "$pattern" switch t-alone
	assert_kernel_eevdf
	assert_status active_profile '^$' active_scheduler '^eevdf$'
	assert_truth
}
