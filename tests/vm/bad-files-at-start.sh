#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# At start a bad file costs only what it defines, and status says what is wrong where.
. "${0%/*}/lib.sh"
mkdir -p $RUN/profiles $RUN/schedulers
profile t-good simple
printf 'name: t-bad\ndescription: Test\nschedulers:\n  - simple: {slice_us: many}\n' >$RUN/profiles/t-bad.yaml
printf 'name: t-worse\ndescription: [\n' >$RUN/profiles/t-worse.yaml
printf 'name: t-object\nkind: bpf\nobject: /run/scxd/none.bpf.o\ndescription: Test\n' >$RUN/schedulers/t-object.yaml
profile t-chain t-object simple
systemctl restart scxd.service || fail "scxd does not start with bad files"
status
[[ $JSON =~ /run/scxd/profiles/t-bad.yaml:4:[0-9]+:\ [^\"]*many ]] || fail "problems should name t-bad.yaml, line 4: $JSON"
[[ $JSON =~ /run/scxd/profiles/t-worse.yaml:[0-9]+ ]] || fail "problems should name t-worse.yaml: $JSON"
[[ $JSON =~ t-object.yaml ]] || fail "problems should name t-object.yaml: $JSON"
must list --json=short
[[ $OUT == *'"t-good"'* && $OUT == *'"t-chain"'* && $OUT != *'"t-bad"'* && $OUT != *'"t-worse"'* ]] || fail "the list is wrong: $OUT"
refused 1 . switch t-bad
kernel
if [ "$K_STATE" != unsupported ]; then
	must switch t-good
	assert_kernel_runs simple
	must switch t-chain
	assert_kernel_runs simple
	assert_status why t-object
fi
assert_truth
