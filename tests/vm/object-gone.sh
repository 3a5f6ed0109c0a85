#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The object file of a scheduler is replaced, cut short or removed while it runs, while it is the standby, and before it is needed.
. "${0%/*}/faults.bash"
broken broken-error
# Copies, which the test may harm. Where the service can see them.
objects=$RUN/schedulers
while IFS= read -r line; do
	[[ $line != object:* ]] || line="object: $objects/simple.bpf.o"
	printf '%s\n' "$line"
done <$SHIPPED/schedulers/simple.yaml >$objects/simple.yaml
whole=/usr/lib/scxd/schedulers/simple.bpf.o
heal() { rm -f $objects/simple.bpf.o; cp $whole $objects/simple.bpf.o; }
harm() {
	case $1 in
	replaced) echo 'not an object' >"$TMP/new"; mv "$TMP/new" $objects/simple.bpf.o ;;
	truncated) head -c 3000 $whole >$objects/simple.bpf.o ;;
	removed) rm $objects/simple.bpf.o ;;
	esac
}
heal
profile t-simple simple
profile t-chain "broken-error: $SOUND" simple
profile t-three "broken-error: $SOUND" simple interactive
profile t-other interactive
define

for how in replaced truncated removed; do
	must switch t-simple
	kernel
	seq=$K_SEQ
	harm $how
	nap 0.3
	assert_kernel_runs simple
	assert_seq "$seq"
	assert_status active_profile '^t-simple$' active_scheduler '^simple$'
	assert_truth

	# Needed again it cannot be loaded: what runs meanwhile goes on, and the reason is told.
	must switch t-other
	kernel
	seq=$K_SEQ
	refused 1 simple switch t-simple
	say "$how: $ERR"
	assert_kernel_runs interactive
	assert_seq "$seq"
	if [ $how = removed ]; then kinds='object-missing'; else kinds='load-failed|verifier-refused'; fi
	assert_status scheduler '^simple$' kind "^($kinds)\$" active_profile '^t-other$'
	assert_truth
	heal
	must reset-failed
done

# The standby was loaded before: harm done to its file later does not matter.
must switch t-chain
wait_for 20 status_has next_if_failed '^simple$' || fail "no standby: $JSON"
wait_for 20 no_loader || fail "the standby is not ready"
harm removed
fail_now
wait_for 20 kernel_runs simple || fail "the standby did not take over: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome simple || fail "the outcome is not told: $JSON"
assert_truth

# Harmed before it could become the standby: the one after it is used.
must reset-failed
must stop
mark
must switch t-three
assert_kernel_runs broken-error
wait_for 20 status_has next_if_failed '^interactive$' || fail "the one after the harmed one should be the standby: $JSON"
fail_now
wait_for 20 kernel_runs interactive || fail "interactive did not take over: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome interactive || fail "the outcome is not told: $JSON"
must_tell simple
assert_truth

# And with nothing else in the chain: EEVDF.
must reset-failed
must stop
must switch t-chain
assert_kernel_runs broken-error
nap 1
fail_now
wait_for 20 kernel_eevdf || fail "EEVDF did not take over: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome EEVDF || fail "the outcome is not told: $JSON"
assert_status active_scheduler '^eevdf$' why 'broken-error'
assert_truth
