#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that failed is tried again after a while, each time after a longer one, while the next of the chain runs; and what runs
# meanwhile goes on if the other cannot be loaded.
. "${0%/*}/lib.sh"
needs_sched_ext
backoff 3000000
broken broken-error
profile t-chain 'broken-error: {after_ms: 400}' simple
profile t-alone 'broken-error: {after_ms: 400}'
define
listen
must switch t-chain
wait_for 20 kernel_runs simple || fail "simple did not take over: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome 'simple took over; it is tried again in' || fail "the outcome does not tell what is planned: $JSON"
must why
contains "$OUT" 'broken-error was ejected .*tried again' "scxctl why"
contains "$OUT" '- simple runs' "scxctl why"
must why --json=short
contains "$OUT" '"state":"waiting"' "scxctl why"
contains "$OUT" '"retry":[1-9]' "scxctl why"
assert_truth

# starts: how often broken-error was started, in REPLY.
starts() {
	must history -n 200 --json=short
	local rest=$OUT
	REPLY=0
	while [[ $rest == *'"event":"started","scheduler":"broken-error"'* ]]; do
		rest=${rest#*'"event":"started","scheduler":"broken-error"'}
		REPLY=$((REPLY + 1))
	done
}
started() { starts; [ "$REPLY" -ge "$1" ]; }
wait_for 30 started 2 || fail "it was not tried again: $OUT"
wait_for 20 kernel_runs simple || fail "simple did not come back: '$K_OPS' $K_STATE"
wait_for 10 is_idle || fail "scxd does not come to rest"
must history
contains "$OUT" 'ended +simple +t-chain +stopped +broken-error is tried again' "scxctl history"

# A retry whose load fails touches nothing: the object is gone now.
kernel
seq=$K_SEQ
mkdir -p "$TMP/away"
object=$SCHEDULERS/broken-error.bpf.o
mv "$object" "$TMP/away/"
failed() { status; get kind; [ "$REPLY" = object-missing ]; }
wait_for 40 failed || { mv "$TMP/away/broken-error.bpf.o" "$object"; fail "the retry did not find that the object is missing: $JSON"; }
assert_kernel_runs simple
assert_seq "$seq"
assert_status outcome 'simple runs on'
must why
contains "$OUT" 'not tried again before' "scxctl why"
# Back again, that is another object to a reload: tried at once.
cp "$TMP/away/broken-error.bpf.o" "$object"
starts
before=$REPLY
define
wait_for 20 started $((before + 1)) || fail "after a reload with a changed object it was not tried again: $OUT"
wait_for 20 kernel_runs simple || fail "simple did not come back: '$K_OPS' $K_STATE"
assert_truth

# Without anything below EEVDF runs meanwhile. A person's switch tries at once.
must reset-failed
must stop
must switch t-alone
wait_for 20 kernel_eevdf || fail "EEVDF did not take over"
wait_for 10 status_has outcome "EEVDF; it is tried again in" || fail "the outcome does not tell what is planned: $JSON"
wait_for 30 kernel_runs broken-error || fail "it was not tried again from EEVDF"
wait_for 20 kernel_eevdf || fail "EEVDF did not take over again"
assert_truth

# What somebody stopped is not tried again.
must stop
kernel
seq=$K_SEQ
nap 9
assert_seq "$seq"
must why
contains "$OUT" 'root asked to stop' "scxctl why"
kill $MONITOR
assert_truth
