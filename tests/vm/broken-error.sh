#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that ends itself: the next of the chain takes over, alone EEVDF does, and its own words are told.
. "${0%/*}/lib.sh"
needs_sched_ext
falls_back broken-error '{after_ms: 300}' error-bpf 'ended on purpose'
