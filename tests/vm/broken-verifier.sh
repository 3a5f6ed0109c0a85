#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that the verifier refuses: the message tells what and where, in a few lines.
. "${0%/*}/lib.sh"
needs_sched_ext
fails_to_start broken-verifier load verifier-refused 'verifier_enqueue|turns'
refused 1 'null' switch t-alone
lines=0
while read -r _; do lines=$((lines + 1)); done <<<"$ERR"
[ $lines -le 15 ] || fail "the message has $lines lines: $ERR"
[[ $ERR != *processed* && $ERR != *'BEGIN PROG'* ]] || fail "the message has what nobody needs: $ERR"
assert_truth
