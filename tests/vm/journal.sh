#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The journal has what happened in fields, and the catalog explains each kind of message.
. "${0%/*}/lib.sh"
needs_sched_ext
started=5a0f2f6c0b7a4c5f9c36c0a7a2a6f6d1 ejected=c1d0e7f1b7a24c9e8f1f5b6c6f0a4e12 start_failed=0b8d3d4e9f3446f0a6f2d7b1f9a7c3e5
eevdf=e4c7b8a19d5f4b37a0c5d2e6f1b3a8c4 emergency=7d2c5e9a3b1f4d68b9e0f4a7c6d1e283 foreign=93f6a1c8e2d74b5aa8c3e9f0b4d7c651
stopped=3f8a6d0c94e14b7fb2a5c7e9d1f60384 retry=d47e1b9a5c3048f2a6e8f0c2b4d69713 quarantined=8c5b2f7e0d9a41c6b3f4e6a8c1d70295
lifted=61e9c4a7f2b84d03958d7a1c3e5fb06d history_lost=f0a3d8b6e17c4295bc6e2f4a8d0b5c97
bad_file=2e9b4c7d1a6f4e83b5d8c0f7a3e6b192 state_lost=b6e3d9f2c4a84710a7f5e1c8d2b9f364
since=$EPOCHSECONDS
broken broken-error broken-verifier
profile t-chain broken-verifier 'broken-error: {after_ms: 100}' simple
define
must switch t-chain
wait_for 40 kernel_runs simple || fail "simple did not take over"
wait_for 10 is_idle || fail "scxd does not come to rest"
must stop
: >$RUN/profiles/t-bad.yaml
printf 'name: x\n' >$RUN/profiles/t-bad.yaml
refused 1 . reload

entry() { # ID: the last entry with it, in JSON, in REPLY
	REPLY=$(journalctl -q -b --no-pager -o json -n 1 --since "@$since" "MESSAGE_ID=$1" _SYSTEMD_UNIT=scxd.service)
	[ -n "$REPLY" ] || fail "no message with MESSAGE_ID $1"
}
fields() {
	entry "$1"
	local json=$REPLY
	shift
	while [ $# -gt 0 ]; do
		json_get "$json" "$1"
		[[ $REPLY =~ $2 ]] || fail "field $1 should match '$2': $json"
		shift 2
	done
}
fields $ejected SCXD_SCHEDULER '^broken-error$' SCXD_PROFILE '^t-chain$' SCXD_EXIT_KIND '^error-bpf$' SCXD_EXIT_CODE '^[0-9]+$' PRIORITY '^4$' \
	MESSAGE 'ended on purpose' SYSLOG_IDENTIFIER '^scxd$'
fields $start_failed SCXD_SCHEDULER '^broken-verifier$' SCXD_PROFILE '^t-chain$' SCXD_EXIT_KIND '^verifier-refused$' PRIORITY '^4$'
fields $started SCXD_SCHEDULER '^simple$' SCXD_PROFILE '^t-chain$' PRIORITY '^6$' MESSAGE simple
fields $eevdf PRIORITY '^6$' MESSAGE 'root asked to stop'
fields $stopped SCXD_SCHEDULER '^simple$' SCXD_PROFILE '^t-chain$' SCXD_EXIT_KIND '^stopped$' SCXD_HISTORY_ID '^[0-9]+$' PRIORITY '^6$'
fields $retry SCXD_SCHEDULER '^broken-error$' PRIORITY '^6$' MESSAGE 'tried again in'
fields $bad_file PRIORITY '^4$' MESSAGE 't-bad.yaml'

catalog=$(journalctl --no-pager --dump-catalog $started $ejected $start_failed $eevdf $emergency $foreign $bad_file $state_lost $stopped $retry $quarantined $lifted $history_lost)
for id in $started $ejected $start_failed $eevdf $emergency $foreign $bad_file $state_lost $stopped $retry $quarantined $lifted $history_lost; do
	[[ $catalog == *"$id"* ]] || fail "the catalog does not explain $id"
done
rm $RUN/profiles/t-bad.yaml
assert_truth
