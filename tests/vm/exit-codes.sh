#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scxctl ends with 0 when done, 1 on failure, 2 if used wrongly, 3 if scxd cannot be reached.
. "${0%/*}/lib.sh"
must status
must list
must --version
refused 1 'No profile t-none' switch t-none
refused 1 . show t-none
refused 2 . switch
refused 2 . switch a b
refused 2 . swich
refused 2 . --nonsense
refused 2 . stop now
systemctl -q mask --runtime scxd.service 2>/dev/null
systemctl stop scxd.service
ctl status
s=$STATUS e=$ERR
ctl switch t-none
systemctl -q unmask --runtime scxd.service 2>/dev/null
[ "$s" = 3 ] || fail "scxctl status without scxd ended with $s: $e"
[ $STATUS = 3 ] || fail "scxctl switch without scxd ended with $STATUS: $ERR"
contains "$e" 'not running' "the message"
systemctl start scxd.service
assert_truth
