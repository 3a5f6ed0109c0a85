#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A thousand profiles are read, listed and switched to.
# limit: 180
. "${0%/*}/lib.sh"
for ((i = 0; i < 1000; i++)); do profile "t-$i" 'simple: {slice_us: 2000}' interactive; done
t0=$SECONDS
must reload --json=short
took=$((SECONDS - t0))
json_get "$OUT" profiles
shipped_profiles
[ "$REPLY" = $((1000 + ${#PROFILES[@]})) ] || fail "$((1000 + ${#PROFILES[@]})) profiles should be defined: $OUT"
echo "note: a reload of 1000 profiles took $took s"
must list --json=short
[[ $OUT == *'"t-999"'* ]] || fail "t-999 is not in the list"
kernel
if [ "$K_STATE" != unsupported ]; then
	must switch t-999
	assert_kernel_runs simple
fi
systemctl restart scxd.service || fail "scxd does not start with a thousand profiles"
assert_truth
