#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# State files that make no sense are set aside and told of; the defaults apply, and scxd starts.
. "${0%/*}/faults.bash"
state=/var/lib/scxd
profile t-one simple
define

# corrupt WHAT: state.json is now something else.
corrupt() {
	rm -rf $state/state.json $state/state.json.corrupt
	case $1 in
	half) printf '{"version":1,"choice":"t-o' >$state/state.json ;;
	zeros) head -c 4096 /dev/zero >$state/state.json ;;
	directory) mkdir $state/state.json ;;
	esac
}

# More of what does not parse: tests/unit/test-store.c.
for what in half zeros directory; do
	systemctl stop scxd.service
	corrupt $what
	mark
	start
	assert_kernel_eevdf
	must_tell 'The choice saved in /var/lib/scxd cannot be read'
	case $what in
	directory) ;;
	*)
		contains "$TOLD" 'set aside.*corrupt' "$what: the journal"
		[ -e $state/state.json.corrupt ] || fail "$what: it was not set aside"
		;;
	esac
	assert_status active_profile '^$' active_scheduler '^eevdf$'
done
assert_truth
rm -rf $state/state.json

# While a scheduler runs: it goes on, as systemd holds it, and so does its profile.
must switch t-one
kernel
seq=$K_SEQ
corrupt half
restart
assert_kernel_runs simple
assert_seq "$seq"
assert_status active_profile '^t-one$' why 'adopted'
assert_truth
