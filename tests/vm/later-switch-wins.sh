#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Of switches that overlap, the last one counts; each client gets an honest answer.
# limit: 180
. "${0%/*}/lib.sh"
needs_sched_ext
broken broken-slow-load
profile t-slow broken-slow-load
profile t-simple simple
profile t-interactive interactive
define
scxctl switch t-slow >"$TMP/slow.out" 2>"$TMP/slow.err" &
client=$!
wait_for 20 has_loader || fail "no scxd-loader was started"
must switch t-simple
r=0
wait $client || r=$?
[ $r = 1 ] || fail "the switch that was replaced should end with 1, ended with $r: $(<"$TMP/slow.out") $(<"$TMP/slow.err")"
contains "$(<"$TMP/slow.err")" 'later request replaced' "the message"
assert_kernel_runs simple
assert_truth

scxctl switch t-slow >"$TMP/slow.out" 2>"$TMP/slow.err" &
client=$!
wait_for 20 has_loader || fail "no scxd-loader was started"
must stop
r=0
wait $client || r=$?
[ $r = 1 ] || fail "the switch that was replaced should end with 1, ended with $r: $(<"$TMP/slow.out") $(<"$TMP/slow.err")"
assert_kernel_eevdf
wait_for 5 no_loader || fail "a scxd-loader is left over:$REPLY"
assert_truth

# Many, all sent before the first is answered.
python3 -B - "$HERE" >"$TMP/many" 2>&1 <<'END' || fail "$(<"$TMP/many")"
import sys
sys.path.insert(0, sys.argv[1])
import wire
bus = wire.Bus()
names = ["t-simple", "t-interactive"] * 6
serials = [bus.send_manager("Switch", "sa{sv}", n, {}) for n in names]
answers = [bus.wait(s, 90) for s in serials]
for i, (n, a) in enumerate(zip(names, answers)):
    if a.kind == wire.ERROR:
        if a.error != wire.INTERFACE + ".Error.Superseded" or i == len(names) - 1:
            sys.exit("switch %d to %s: %s %s" % (i, n, a.error, a.values()))
    elif a.values()[0]["profile"][1] != n:
        sys.exit("switch %d to %s was answered with %r" % (i, n, a.values()))
p = bus.properties()
if p["ActiveProfile"][1] != names[-1] or p["ActiveScheduler"][1] != "interactive":
    sys.exit("the last switch does not count: %r" % p)
END
assert_kernel_runs interactive
assert_truth
