# SPDX-License-Identifier: GPL-2.0-only
"""Run by hostile-messages.sh as a user: each of these messages must be refused, and none may do anything."""

import sys
import wire

PROPERTIES = "org.freedesktop.DBus.Properties"


def refused(what, message, *names):
    if message.kind != wire.ERROR:
        sys.exit("%s: was not refused" % what)
    if names and message.error not in names:
        sys.exit("%s: refused with %s, expected %s" % (what, message.error, " or ".join(names)))


def ask(bus, what, serial, *names):
    refused(what, bus.wait(serial), *names)


def main():
    bus = wire.Bus()
    args, denied = "org.freedesktop.DBus.Error.InvalidArgs", "org.freedesktop.DBus.Error.AccessDenied"
    unknown = "org.freedesktop.DBus.Error.UnknownMethod"

    # Not of the documented signature.
    ask(bus, "Switch()", bus.send_manager("Switch"), args)
    ask(bus, "Switch(u)", bus.send_manager("Switch", "u", 7), args)
    ask(bus, "Switch(sas)", bus.send_manager("Switch", "sas", "x", ["y"]), args)
    ask(bus, "Stop(s)", bus.send_manager("Stop", "s", "x"), args)
    ask(bus, "Reload(a{ss})", bus.send_manager("Reload", "a{ss}", {"a": "b"}), args)
    ask(bus, "ListProfiles(s)", bus.send_manager("ListProfiles", "s", "x"), args)
    # Not there.
    ask(bus, "Destroy()", bus.send_manager("Destroy"), unknown)
    ask(bus, "another object", bus.send(wire.NAME, "/org/scx/Other", wire.INTERFACE, "Stop", "a{sv}", {}),
        "org.freedesktop.DBus.Error.UnknownObject", unknown)
    ask(bus, "another interface", bus.send(wire.NAME, wire.PATH, "org.scx.Other", "Stop", "a{sv}", {}),
        "org.freedesktop.DBus.Error.UnknownInterface", unknown, denied)
    ask(bus, "setting a property", bus.send(wire.NAME, wire.PATH, PROPERTIES, "Set", "ssv", wire.INTERFACE, "ActiveProfile", ("s", "x")))
    ask(bus, "an unknown property", bus.send(wire.NAME, wire.PATH, PROPERTIES, "Get", "ss", wire.INTERFACE, "Nothing"))

    # Huge, odd, or with options: a user is refused whatever the arguments are.
    for name in ("x" * 1000000, "", "../../etc/passwd", "\x1b[31m\n", "%s%n", "a" * 64, "gaming\nname: x"):
        ask(bus, "Switch(%.20r)" % name, bus.send_manager("Switch", "sa{sv}", name, {}), denied)
    many = {"option%d" % i: ("s", "x" * 100) for i in range(5000)}
    ask(bus, "Switch with 5000 options", bus.send_manager("Switch", "sa{sv}", "gaming", many), denied)
    deep = ("s", "x")
    for _ in range(50):
        deep = ("v", deep)
    ask(bus, "Stop with a deeply nested option", bus.send_manager("Stop", "a{sv}", {"x": deep}), denied)

    # 200 at once, each answered. (The bus lets one connection wait for 128 answers.)
    calls = []
    buses = [wire.Bus() for _ in range(4)]
    for i in range(200):
        b = buses[i % 4]
        kind = i % 5
        if kind == 0:
            calls.append((b, b.send_manager("Switch", "sa{sv}", "p%d" % i, {}), wire.ERROR))
        elif kind == 1:
            calls.append((b, b.send(wire.NAME, wire.PATH, PROPERTIES, "GetAll", "s", wire.INTERFACE), wire.REPLY))
        elif kind == 2:
            calls.append((b, b.send_manager("ListProfiles"), wire.REPLY))
        elif kind == 3:
            calls.append((b, b.send_manager("Reload", "a{sv}", {}), wire.ERROR))
        else:
            calls.append((b, b.send_manager("ListSchedulers"), wire.REPLY))
    for b, serial, kind in calls:
        m = b.wait(serial, 90)
        if m.kind != kind:
            sys.exit("one of 200 calls: answered with kind %d (%s), expected %d" % (m.kind, m.error, kind))

    # Asked, and gone without waiting for the answer.
    for _ in range(10):
        b = wire.Bus()
        for _ in range(20):
            b.send_manager("ListSchedulers")
        b.close()

    # What the bus itself does not let through: text that is not UTF-8, a length that is not so.
    for raw in (b"\x04\0\0\0\xff\xfe\xfd\xfc\0\0\0\0\0\0\0\0", b"\xff\xff\xff\x7fabc\0"):
        b = wire.Bus()
        try:
            b.send_manager("Switch", "sa{sv}", raw=raw)
            while True:
                b.receive(30)
        except (wire.Gone, OSError):
            pass
        b.close()

    if not bus.properties()["Why"][1]:
        sys.exit("scxd gives no reason any more")


main()
