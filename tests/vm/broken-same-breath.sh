#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that the kernel accepts and ends in the same breath: a success of attaching is not taken for one of running.
. "${0%/*}/lib.sh"
needs_sched_ext
fails_to_start broken-same-breath swap 'init-failed|error-bpf' 'failed on taking over task'
