# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tools share. Sourced, never run.

set -eu -o pipefail
export LC_ALL=C.UTF-8

TOOLS=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
SOURCE=$(readlink -f "${SCXD_SOURCE:-$TOOLS/..}")
ME=$(basename "$0")
MIRROR=${SCXD_MIRROR:-http://deb.debian.org/debian}
DEFAULT_KERNEL=7.3

# The first comment block of a tool is its help text.
usage() { sed -n '3,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$0"; }
say() { printf '%s: %s\n' "$ME" "$*" >&2; }
die() { say "$*"; exit 1; }
# What stays behind must not hold the callers' locks and pipes.
close_fds() {
	local fd
	for fd in /proc/self/fd/*; do
		fd=${fd##*/}
		case $fd in 0 | 1 | 2 | 255) ;; *) eval "exec $fd>&-" 2>/dev/null || true ;; esac
	done
}
need_arg() { [ "$2" -ge 2 ] || die "$1 needs a value (see --help)"; }

# mmdebstrap, chroot and mount need root; keep the settings that are ours.
need_root() {
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "must run as root (there is no sudo)"
		exec sudo --preserve-env=SCXD_CACHE,SCXD_MIRROR,SCXD_SOURCE,SCXD_ACCEL "$0" "$@"
	fi
	CACHE=${SCXD_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/scxd}
	mkdir -p "$CACHE"
	CACHE=$(readlink -f "$CACHE")
	export SCXD_CACHE=$CACHE
	ROOT=$CACHE/root
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
}

# need COMMAND:PACKAGE… installs only what is missing.
need() {
	local pair packages=()
	for pair; do
		command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}")
	done
	[ ${#packages[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "please install: ${packages[*]}"
	exec {apt_lock}>"$CACHE/apt.lock"
	flock "$apt_lock"
	say "installing ${packages[*]}"
	{
		apt-get -q update &&
		DEBIAN_FRONTEND=noninteractive apt-get -qy -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 \
			install --no-install-recommends "${packages[@]}"
	} </dev/null >"$CACHE/apt.log" 2>&1 || { tail -n 20 "$CACHE/apt.log" >&2; die "cannot install ${packages[*]}"; }
	exec {apt_lock}>&-
}

now() { local t=${EPOCHREALTIME/[.,]/}; printf %s "$((t / 1000))"; } # milliseconds
since() { local d=$(($(now) - $1)); printf '%d.%d s' $((d / 1000)) $((d % 1000 / 100)); }

# step TEXT COMMAND… runs it with its output in a log; a line at the start, every 10 s and at the end, the log's tail on failure.
step() {
	local text=$1 t0 log pid status=0 tick=0
	shift
	log=$(mktemp "$CACHE/log.XXXXXX")
	t0=$(now)
	say "$text …"
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	# shellcheck disable=SC2064
	trap "kill $pid 2>/dev/null; rm -f '$log'; exit 130" INT TERM
	while kill -0 $pid 2>/dev/null; do
		sleep 0.2
		tick=$((tick + 1))
		[ $((tick % 50)) != 0 ] || say "  … $(since "$t0"): $(tr '\r' '\n' <"$log" | grep -v '^ *$' | tail -n 1 | cut -c 1-100)"
	done
	wait $pid || status=$?
	trap - INT TERM
	if [ $status != 0 ]; then
		tail -n "${STEP_TAIL:-40}" "$log" >&2
		say "FAILED after $(since "$t0"): $text"
	else
		say "  done in $(since "$t0")"
	fi
	rm -f "$log"
	return $status
}

image_ready() { [ -e "$CACHE/root.key" ] && [ "$(cat "$CACHE/root.key")" = "$(root_key)" ] && [ -e "$CACHE/disk.raw" ]; }
root_key() { sha256sum <"$TOOLS/recipe/root" | cut -c 1-16; }
kernel_key() { sha256sum <"$TOOLS/recipe/kernel" | cut -c 1-16; }
kernel_ready() { [ -e "$CACHE/kernels/$1/key" ] && [ "$(cat "$CACHE/kernels/$1/key")" = "$(kernel_key)" ]; }

# need_image [SERIES…]: makes what is missing.
need_image() {
	local series missing=()
	image_ready || missing+=(--no-kernel)
	for series; do
		kernel_ready "$series" || missing+=("$series")
	done
	[ ${#missing[@]} = 0 ] || "$TOOLS/image" "${missing[@]}"
}

# in_root [--rw] [--bind HOST:ROOT]… [--cd DIR] [--env NAME=VALUE]… COMMAND…
# Runs a command in the Debian root, in mount and pid namespaces of its own: nothing stays mounted or running. The root itself is
# read-only (it becomes the disk), /tmp, /run and the like are empty and private.
in_root() {
	local rw=0 dir=/ binds=() env=() inside status=0
	while :; do
		case $1 in
		--rw) rw=1; shift ;;
		--bind) binds+=("$2"); shift 2 ;;
		--cd) dir=$2; shift 2 ;;
		--env) env+=("$2"); shift 2 ;;
		*) break ;;
		esac
	done
	# tools/image replaces the root only when nobody is in it.
	exec {inside}>"$CACHE/root.lock"
	flock -s "$inside"
	unshare --mount --pid --fork --kill-child --propagation private -- \
		bash "$TOOLS/recipe/enter" "$ROOT" "$rw" "$dir" "${#binds[@]}" ${binds[@]+"${binds[@]}"} \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" SCXD_IN_ROOT=1 \
		${env[@]+"${env[@]}"} "$@" || status=$?
	exec {inside}>&-
	return $status
}

# The product's build directories: one for each checkout and configuration.
build_dir() { printf '%s/build/%s-%s/%s' "$CACHE" "$(basename "$SOURCE")" "$(printf %s "$SOURCE" | sha256sum | cut -c 1-8)" "$1"; }

# in_source CONFIG COMMAND…: in_root, with the sources (read-only) in /src/scxd and the build directory in /build, which is the
# current directory.
in_source() {
	local build
	build=$(build_dir "$1")
	shift
	mkdir -p "$build"
	# ASan and UBSan end a program at the first finding, with a trace.
	in_root --bind "ro=$SOURCE:/src/scxd" --bind "$build:/build" --cd /build \
		--env ASAN_OPTIONS="${ASAN_OPTIONS:-abort_on_error=0:detect_stack_use_after_return=1:strict_string_checks=1}" \
		--env UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}" "$@"
}
