#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that refuses to take over a task.
. "${0%/*}/lib.sh"
needs_sched_ext
fails_to_start broken-init-task swap init-failed 'init_task.*-12|Cannot allocate memory'
