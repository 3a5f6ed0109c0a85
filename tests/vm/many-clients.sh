#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# 200 switches at once from 50 clients: each is answered, with success, or that a later one replaced it, or that too many wait; what
# the last successful answer says is what runs.
# limit: 180
. "${0%/*}/faults.bash"
profile t-one simple
profile t-two interactive
profile t-three 'simple: {weighted: false}'
define
daemon_pid
pid=$PID
python3 -B - "$HERE" >"$TMP/many" 2>&1 <<'PYTHON' || fail "$(<"$TMP/many")"
import sys
import time
sys.path.insert(0, sys.argv[1])
import wire
buses = [wire.Bus() for _ in range(50)]
names = ["t-one", "t-two", "t-three"]
begin = time.monotonic()
calls = []
for i in range(200):
    bus = buses[i * 7 % 50]
    calls.append((bus, names[i % 3], bus.send_manager("Switch", "sa{sv}", names[i % 3], {})))
done = {}
for bus, name, serial in calls:
    m = bus.wait(serial, 120)
    what = "done" if m.kind == wire.REPLY else m.error.rsplit(".", 1)[1]
    if what not in ("done", "Superseded", "TooManyRequests"):
        sys.exit("a switch to %s was answered with %s %s" % (name, m.error, m.values()))
    if what == "done" and m.values()[0]["profile"][1] != name:
        sys.exit("a switch to %s was answered with %r" % (name, m.values()))
    done[what] = done.get(what, 0) + 1
if sum(done.values()) != 200 or not done.get("done"):
    sys.exit("the answers: %r" % done)
active = buses[0].properties()["ActiveProfile"][1]
if active not in names:
    sys.exit("in force is %r" % active)
print("200 switches in %.1f s: %s; in force is %s" % (time.monotonic() - begin, done, active))
PYTHON
say "$(<"$TMP/many")"
daemon_pid
[ "$PID" = "$pid" ] || fail "scxd was restarted"
assert_truth
must why
must switch t-one
assert_kernel_runs simple
assert_truth
