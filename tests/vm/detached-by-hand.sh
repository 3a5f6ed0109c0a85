#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Somebody detaches our scheduler: scxd stays on EEVDF and says so, until somebody switches.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-chain simple interactive
define
must switch t-chain
links=$(bpftool link show)
[[ $links =~ ([0-9]+):\ struct_ops ]] || fail "the link is not to be found: $links"
bpftool link detach id "${BASH_REMATCH[1]}" || fail "bpftool cannot detach it"
wait_for 20 kernel_eevdf || fail "it was not detached: '$K_OPS' $K_STATE"
wait_for 10 status_has why detached || fail "the reason does not say so: $JSON"
assert_status active_profile '^$' kind '^unregistered$' scheduler '^simple$'
kernel
seq=$K_SEQ
assert_truth
systemctl restart scxd.service
must reload
assert_status why detached
assert_kernel_eevdf
assert_seq "$seq"
must switch t-chain
assert_kernel_runs simple

# What does not end it changes nothing.
id=$(bpftool struct_ops show)
[[ $id =~ ^([0-9]+): ]] || fail "the struct_ops map is not to be found: $id"
bpftool struct_ops unregister id "${BASH_REMATCH[1]}" >"$TMP/unregister" 2>&1 || :
assert_truth
