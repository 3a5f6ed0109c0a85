#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The service runs within its sandbox.
. "${0%/*}/lib.sh"
daemon_pid
while read -r key value _; do
	case $key in
	CapBnd:) bounding=$value ;;
	CapEff:) effective=$value ;;
	NoNewPrivs:) nnp=$value ;;
	Seccomp:) seccomp=$value ;;
	esac
done <"/proc/$PID/status"
# CAP_PERFMON is 38, CAP_BPF 39.
[ $((16#$bounding & ~(3 << 38))) = 0 ] || fail "scxd may have other capabilities than CAP_BPF and CAP_PERFMON: $bounding"
[ $((16#$effective & ~(3 << 38))) = 0 ] || fail "scxd has other capabilities than CAP_BPF and CAP_PERFMON: $effective"
[ "$nnp" = 1 ] || fail "scxd could gain privileges"
[ "$seccomp" = 2 ] || fail "scxd's system calls are not filtered"
analysis=$(systemd-analyze security --no-pager scxd.service 2>&1) || :
[[ $analysis =~ exposure\ level\ for\ scxd.service:\ ([0-9]+\.[0-9]+) ]] || fail "systemd-analyze: $analysis"
level=${BASH_REMATCH[1]}
echo "note: systemd-analyze security: exposure $level"
[ "${level%.*}" -lt 3 ] || fail "the exposure of scxd.service is $level"
assert_truth
