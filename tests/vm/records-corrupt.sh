#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A quarantine that cannot be read is set aside, entries of the history that cannot be read are passed over; both are told.
. "${0%/*}/faults.bash"
state=/var/lib/scxd
broken broken-error
profile t-one simple
profile t-chain 'broken-error: {after_ms: 300}' simple
define
must switch t-chain
wait_for 20 kernel_runs simple || fail "simple did not take over: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome simple || fail "the outcome is not told"
must switch t-one
must stop
[ -s $state/quarantine.json ] || fail "the failure was not noted"
must history -n 200 --json=short
entries=("$state"/history/*.json)
[ ${#entries[@]} -ge 4 ] || fail "the history is too short for this: ${entries[*]}"

systemctl stop scxd.service
printf '{"version":1,"entries":[{"scheduler":7}]}\n' >$state/quarantine.json
: >"${entries[0]}"
head -c 100 "${entries[1]}" >"$TMP/half"
cat "$TMP/half" >"${entries[1]}"
head -c 300000 /dev/urandom >"${entries[2]}"
mark
start
must_tell 'What failed earlier cannot be read from /var/lib/scxd and was set aside'
must_tell '3 entries of the history in /var/lib/scxd/history cannot be understood'
[ -e $state/quarantine.json.corrupt ] || fail "the quarantine was not set aside"
assert_kernel_eevdf
must history -n 200 --json=short
contains "$OUT" '"id":4,' "what is left of the history"
[[ $OUT != *'"id":1,'* && $OUT != *'"id":2,'* && $OUT != *'"id":3,'* ]] || fail "entries that cannot be read are shown: $OUT"
refused 1 'no entry 2' history show 2
assert_truth

# It goes on, with numbers that were never used.
must switch t-one
assert_kernel_runs simple
must history -n 1 --json=short
json_get "$OUT" id
[ "$REPLY" -gt ${#entries[@]} ] || fail "the number $REPLY was used before: $OUT"
assert_truth
