#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# On a kernel without sched_ext scxd says so, answers, and refuses to switch with that reason.
. "${0%/*}/lib.sh"
[ ! -e $SYS ] || skip "this kernel has sched_ext"
assert_status kernel_state '^unsupported$' active_scheduler '^eevdf$' origin '^kernel$' kernel_ops '^$' why 'no sched_ext'
must status
contains "$OUT" 'no sched_ext' "scxctl status"
shipped_profiles
must list
contains "$OUT" "${PROFILES[0]}" "scxctl list"
must list --schedulers
must show simple
contains "$OUT" sched_ext "scxctl show"
refused 1 'no sched_ext' switch "${PROFILES[0]}"
refused 1 'No profile' switch t-none
must reload
must stop
contains "$OUT" EEVDF "scxctl stop"
systemctl restart scxd.service || fail "scxd does not start again"
journal=$(journalctl -q -u scxd.service -b -o cat --no-pager)
contains "$journal" 'no sched_ext' "the journal"
assert_truth
