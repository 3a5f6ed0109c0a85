#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that puts tasks where there is no queue, or names a CPU that does not exist.
. "${0%/*}/lib.sh"
needs_sched_ext
falls_back broken-dispatch '{after_ms: 300}' 'error|error-bpf' 'dead|DSQ|CPU'
must stop
broken broken-dispatch
profile t-cpu 'broken-dispatch: {after_ms: 300, bad_cpu: true}' interactive
define
must switch t-cpu
wait_for 40 kernel_runs interactive || fail "interactive did not take over: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome interactive || fail "the outcome does not tell that interactive took over: $JSON"
assert_status message '1000000'
assert_truth
