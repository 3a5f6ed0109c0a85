#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Asking starts scxd when it does not run.
. "${0%/*}/lib.sh"
was=$(systemctl is-enabled scxd.service 2>/dev/null) || :
systemctl -q enable scxd.service 2>/dev/null || fail "scxd.service cannot be enabled"
systemctl stop scxd.service
! systemctl -q is-active scxd.service || fail "scxd does not stop"
must status
systemctl -q is-active scxd.service || fail "scxctl was answered, but not by scxd.service"
assert_truth
[ "$was" = enabled ] || systemctl -q disable scxd.service 2>/dev/null
