#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that needs what this kernel lacks is passed over, and the lists say why.
. "${0%/*}/lib.sh"
needs_sched_ext
fails_to_start broken-feature load none time_travel
must show broken-feature
contains "$OUT" time_travel "scxctl show"
assert_truth
