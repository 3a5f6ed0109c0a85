#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler whose start fails with an error number.
. "${0%/*}/lib.sh"
needs_sched_ext
fails_to_start broken-init swap init-failed 'init.*-19|No such device'
