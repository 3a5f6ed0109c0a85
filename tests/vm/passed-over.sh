#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that is passed over, for whatever reason, is told to who asked for its profile.
. "${0%/*}/lib.sh"
needs_sched_ext
mkdir -p /etc/scxd/schedulers
broken broken-feature broken-verifier
: >/etc/scxd/schedulers/interactive.yaml
printf 'name: t-object\nkind: bpf\nobject: /run/scxd/none.bpf.o\ndescription: Test\n' >$RUN/schedulers/t-object.yaml
profile t-tried broken-verifier simple
profile t-masked interactive simple
profile t-feature broken-feature simple
profile t-object t-object simple
systemctl restart scxd.service
while read -r p scheduler pattern; do
	must switch "$p"
	assert_kernel_runs simple
	contains "$ERR" "warning: $scheduler" "switch $p: the warning"
	contains "$ERR" "$pattern" "switch $p: the warning"
	assert_status why "$scheduler"
done <<'END'
t-tried broken-verifier verifier_enqueue
t-masked interactive masked
t-feature broken-feature time_travel
t-object t-object none.bpf.o
END
assert_truth
