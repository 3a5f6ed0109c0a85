#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# scxd-loader is missing, may not be run, dies at once, or talks nonsense: no switch is possible, what runs goes on, and the reason is
# told; an ejection then ends on the standby that was loaded before, or on EEVDF.
. "${0%/*}/faults.bash"
loader=/usr/lib/scxd/scxd-loader
broken broken-error
profile t-one interactive
profile t-two simple
profile t-chain "broken-error: $SOUND" simple
define
cp -p $loader "$TMP/loader"
undo mv -f "$TMP/loader" $loader
heal() { cp -p "$TMP/loader" $loader.new && mv -f $loader.new $loader; }

must switch t-one
kernel
seq=$K_SEQ
for what in missing forbidden dies nonsense; do
	rm $loader
	case $what in
	forbidden) : >$loader ;;
	dies) printf '#!/bin/bash\nexit 0\n' >$loader ;;
	nonsense) printf '#!/bin/bash\nhead -c 70000 /dev/zero >&3\nsleep 1\n' >$loader ;;
	esac
	case $what in dies | nonsense) chmod 755 $loader ;; esac
	case $what in
	missing) why='scxd-loader.* cannot be run: No such file' ;;
	forbidden) why='scxd-loader.* cannot be run: Permission denied' ;;
	dies) why='simple: the loader died' ;;
	nonsense) why="simple: the loader's answer makes no sense|simple: the loader died" ;;
	esac
	refused 1 "$why" switch t-two
	say "$what: $ERR"
	assert_kernel_runs interactive
	assert_seq "$seq"
	assert_status active_profile '^t-one$' active_scheduler '^interactive$' scheduler '^simple$' kind '^load-failed$' message .
	assert_truth
	heal
	must reset-failed
done

# What was loaded before takes over without it.
must switch t-chain
assert_kernel_runs broken-error
wait_for 20 status_has next_if_failed '^simple$' || fail "no standby: $JSON"
wait_for 20 no_loader || fail "the standby is not ready"
rm $loader
fail_now
wait_for 20 kernel_runs simple || fail "the standby did not take over: '$K_OPS' $K_STATE"
wait_for 10 status_has outcome simple || fail "the outcome is not told: $JSON"
assert_truth

# Without it scxd does not start, and says why: EEVDF. With it again, systemd's next attempt brings it all back.
systemctl stop scxd.service
mark
! systemctl start scxd.service 2>"$TMP/start" || fail "scxd starts, though it cannot load anything"
assert_kernel_eevdf
must_tell "$loader cannot be run: No such file"
heal
wait_for 20 back 0 || fail "scxd does not start by itself when the loader is there again"
wait_for 20 kernel_runs broken-error || fail "the choice was not taken up: '$K_OPS' $K_STATE"
assert_status active_profile '^t-chain$' active_scheduler '^broken-error$'
assert_truth
heal
must reset-failed
must reload
must switch t-two
assert_kernel_runs simple
assert_truth
