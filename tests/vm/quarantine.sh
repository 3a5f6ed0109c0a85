#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that fails too often is put in quarantine: over restarts, until a person or another object lifts it.
# limit: 180
. "${0%/*}/lib.sh"
needs_sched_ext
backoff 500000
broken broken-error
limits() { # NAME SCHEDULERS: as profile, but one that allows a single restart
	profile "$@"
	echo 'watchdog: {restarts: 1 per 10min}' >>"$RUN/profiles/$1.yaml"
}
limits t-chain 'broken-error: {after_ms: 200}' simple
limits t-alone 'broken-error: {after_ms: 200}'
define
object=$SCHEDULERS/broken-error.bpf.o
quarantined() { must why --json=short; [[ $OUT == *'"state":"quarantined"'* ]]; }

must switch t-chain
wait_for 40 quarantined || fail "it was not put in quarantine: $OUT"
wait_for 20 kernel_runs simple || fail "simple does not run: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome 'simple took over; it failed too often and is in quarantine' || fail "the outcome does not tell: $JSON"
assert_status why 'broken-error is in quarantine'
must why
contains "$OUT" 'in quarantine.*failed too often' "scxctl why"
contains "$OUT" 'scxctl reset-failed broken-error' "scxctl why"
must history
contains "$OUT" 'quarantined +broken-error +t-chain' "scxctl history"
must list
contains "$OUT" 'broken-error!' "scxctl list"
must show broken-error
contains "$OUT" 'cannot run here: is in quarantine' "scxctl show"
told() { [[ $(journalctl -q -b -o cat MESSAGE_ID=8c5b2f7e0d9a41c6b3f4e6a8c1d70295 _SYSTEMD_UNIT=scxd.service) == *broken-error* ]]; }
wait_for 10 told || fail "the journal does not tell of it"
assert_truth

# It is passed over, not tried: by the other profile, too, and by a person.
kernel
seq=$K_SEQ
refused 1 'broken-error: is in quarantine' switch t-alone
contains "$ERR" 'reset-failed' "the message"
assert_seq "$seq"
assert_kernel_runs simple

# Over a restart with what runs, and over a stop without.
systemctl restart scxd.service
assert_kernel_runs simple
assert_seq "$seq"
quarantined || fail "a restart lifted the quarantine: $OUT"
refused 1 quarantine switch t-alone
systemctl stop scxd.service
kernel_eevdf || fail "a stop left '$K_OPS'"
systemctl start scxd.service
wait_for 20 kernel_runs simple || fail "the choice was not restored: '$K_OPS' $K_STATE"
quarantined || fail "a stop lifted the quarantine: $OUT"
assert_truth

# Lifted by a person: tried at once, as the chosen profile prefers it. It fails again, which counts anew.
must reset-failed broken-error
contains "$OUT" 'broken-error is out of quarantine' "scxctl reset-failed"
wait_for 20 kernel_runs broken-error || fail "it was not tried: '$K_OPS' $K_STATE"
wait_for 40 quarantined || fail "it was not put in quarantine again: $OUT"
must history
contains "$OUT" 'lifted +broken-error +root lifted it' "scxctl history"
refused 1 nobody reset-failed nobody

# Lifted by another object: a touch is enough, at the next switch.
wait_for 20 kernel_runs simple || fail "simple does not run: '$K_OPS' $K_STATE"
touch "$object"
must switch t-alone
must history
contains "$OUT" 'lifted +broken-error +its object has changed' "scxctl history"
wait_for 40 quarantined || fail "it was not put in quarantine again: $OUT"
wait_for 20 kernel_eevdf || fail "EEVDF did not take over"
contains "$OUT" '"step":"result","scheduler":"eevdf"' "scxctl why"
# And at a reload.
touch "$object"
define
wait_for 20 kernel_runs broken-error || fail "after a reload with a changed object it was not tried: '$K_OPS' $K_STATE"
wait_for 20 kernel_eevdf || fail "EEVDF did not take over"
must stop
assert_truth
