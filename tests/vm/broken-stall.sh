#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that loses a task is ended by the watchdog of the kernel.
. "${0%/*}/lib.sh"
needs_sched_ext
# What gets lost: something that nobody waits for.
while :; do nap 0.05; done &
sleeper=$!
falls_back broken-stall '{after_ms: 100}' stall 'failed to run'
kill $sleeper
