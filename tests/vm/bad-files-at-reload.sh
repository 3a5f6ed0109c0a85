#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A reload takes all files or none: one that is bad keeps everything as it was, and the message says where.
. "${0%/*}/lib.sh"
profile t-first simple
define
must list --json=short
before=$OUT
kernel
if [ "$K_STATE" != unsupported ]; then
	must switch t-first
	must list --json=short
	before=$OUT
	kernel
fi
seq=$K_SEQ ops=$K_OPS

profile t-second simple
printf 'name: t-bad\ndescription: Test\nschedulers: [no-such-scheduler]\n' >$RUN/profiles/t-bad.yaml
refused 1 '/run/scxd/profiles/t-bad.yaml:3:[0-9]+: .*no-such-scheduler' reload
must list --json=short
[ "$OUT" = "$before" ] || fail "the list was: $before; it is: $OUT"
kernel
[ "$K_SEQ,$K_OPS" = "$seq,$ops" ] || fail "the scheduler was touched: '$ops' and '$K_OPS'"
assert_truth

# Only what is good now.
rm $RUN/profiles/t-bad.yaml
must reload --json=short
must list --json=short
[[ $OUT == *'"t-second"'* ]] || fail "t-second should be defined now: $OUT"
kernel
[ "$K_SEQ,$K_OPS" = "$seq,$ops" ] || fail "the scheduler was touched: '$ops' and '$K_OPS'"
assert_truth
