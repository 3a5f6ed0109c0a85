#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A scheduler that does not report its end is noticed all the same.
. "${0%/*}/lib.sh"
needs_sched_ext
broken broken-noexit
profile t-chain broken-noexit simple
profile t-alone broken-noexit
define

# Tells the running program to fail: sets the one byte of its variable.
end_it() {
	local map types values
	map=$(bpftool map show name broken_n.data)
	[[ $map =~ ^([0-9]+):\ .*btf_id\ ([0-9]+) ]] || fail "found no variables of broken-noexit: $map"
	local id=${BASH_REMATCH[1]} btf=${BASH_REMATCH[2]}
	types=$(bpftool btf dump id "$btf")
	[[ $types =~ offset=([0-9]+)\ size=1\ \(VAR\ \'fail\'\) ]] || fail "broken-noexit has no variable 'fail': $types"
	local offset=${BASH_REMATCH[1]}
	values=$(bpftool -j map dump id "$id")
	[[ $values =~ \"value\":\[([^]]*)\] ]] || fail "found no values of broken-noexit: $values"
	IFS=, read -ra values <<<"${BASH_REMATCH[1]//\"/}"
	values[offset]=0x01
	bpftool map update id "$id" key 0 0 0 0 value "${values[@]}"
}

must switch t-chain
assert_kernel_runs broken-noexit
end_it
wait_for 40 kernel_runs simple || fail "simple did not take over: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome simple || fail "the outcome does not tell that simple took over: $JSON"
assert_status kind '^vanished$' scheduler '^broken-noexit$' why broken-noexit
assert_truth

must switch t-alone
assert_kernel_runs broken-noexit
end_it
wait_for 40 kernel_eevdf || fail "the kernel does not go back to EEVDF: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome EEVDF || fail "the outcome does not tell of EEVDF: $JSON"
assert_status kind '^vanished$' active_scheduler '^eevdf$' why broken-noexit
assert_truth
