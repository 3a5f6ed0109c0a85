#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# On a kernel whose BTF misdescribes some functions (Debian's backports 7.1.13 and 7.2.12; by hand: tools/test --only vm --kernel 7.2
# broken-btf) what can load loads, and what cannot is refused with that reason.
. "${0%/*}/lib.sh"
needs_sched_ext
profile t-simple simple
profile t-latency latency
define
status
get kernel_btf_broken
[ "$REPLY" = true ] || skip "this kernel's BTF is sound"
refused 1 'latency: .*BTF this kernel misdescribes' switch t-latency
assert_kernel_eevdf
must switch gaming
contains "$ERR" 'interactive: .*BTF this kernel misdescribes' "the warning"
assert_kernel_runs simple
assert_status why 'BTF this kernel misdescribes'
assert_truth
must switch t-simple
assert_kernel_runs simple
assert_truth
