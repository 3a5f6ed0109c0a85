# SPDX-License-Identifier: GPL-2.0-only
"""The daemon keeps to dbus/org.scx.Manager1.xml: what is there, of which types, and which error is for what."""

import os
import unittest
import xml.etree.ElementTree

from daemon import DENIED, ERROR, INVALID, SOURCE_DIR, Daemon, error_of, wire

PROPERTIES = "org.freedesktop.DBus.Properties"


def describe(interface):
    """Everything of an interface that clients depend on."""
    found = set()
    for e in interface:
        if e.tag in ("method", "signal"):
            args = tuple((a.get("name"), a.get("type"), a.get("direction", "out" if e.tag == "signal" else "in")) for a in e.iter("arg"))
            found.add((e.tag, e.get("name"), args))
        elif e.tag == "property":
            emits = [a.get("value") for a in e.iter("annotation") if a.get("name").endswith("EmitsChangedSignal")]
            found.add(("property", e.get("name"), e.get("type"), e.get("access"), emits[0] if emits else "true"))
    return found


def interface_of(root):
    return next(i for i in root.iter("interface") if i.get("name") == wire.INTERFACE)


DOCUMENTED = describe(interface_of(xml.etree.ElementTree.parse(SOURCE_DIR / "dbus/org.scx.Manager1.xml")))


class Contract(unittest.TestCase):
    def test_introspection(self):
        with Daemon().start() as d:
            text = d.connect().call(wire.NAME, wire.PATH, "org.freedesktop.DBus.Introspectable", "Introspect")[0]
            self.assertEqual(describe(interface_of(xml.etree.ElementTree.fromstring(text))), DOCUMENTED)

    def test_property_types(self):
        with Daemon().start() as d:
            c = d.connect()
            for e in DOCUMENTED:
                if e[0] == "property":
                    v = c.call(wire.NAME, wire.PATH, PROPERTIES, "Get", "ss", wire.INTERFACE, e[1])[0]
                    self.assertEqual(v[0], e[2], e[1])
            self.assertEqual({(n, v[0]) for n, v in c.properties().items()}, {(e[1], e[2]) for e in DOCUMENTED if e[0] == "property"})

    def test_no_choice(self):
        with Daemon().start() as d:
            p = {n: v[1] for n, v in d.connect().properties().items()}
            self.assertEqual((p["ActiveProfile"], p["ActiveScheduler"], p["Origin"]), ("", "eevdf", "kernel"))
            self.assertEqual((p["KernelState"], p["KernelOps"], p["NextIfFailed"], p["Activity"]), ("disabled", "", "", "idle"))
            self.assertEqual((p["LastExit"], p["Problems"]), ({}, []))
            self.assertEqual(p["Why"], "no profile has been chosen")

    def test_no_sched_ext(self):
        with Daemon(state=None) as d:
            d.scheduler("one")
            d.profile("good", "one")
            d.profile("plain")
            c = d.start().connect()
            p = {n: v[1] for n, v in c.properties().items()}
            self.assertEqual((p["KernelState"], p["ActiveScheduler"], p["Origin"]), ("unsupported", "eevdf", "kernel"))
            self.assertIn("no sched_ext", p["Why"])
            for name in ("good", "plain"):
                error, message = error_of(self, c, "Switch", "sa{sv}", name, {})
                self.assertEqual(error, ERROR + "NotSupported")
                self.assertIn("no sched_ext", message)
            self.assertEqual(c.manager("Stop", "a{sv}", {})[0]["was"], ("s", "eevdf"))
            self.assertEqual(c.manager("Reload", "a{sv}", {})[0], {"profiles": ("u", 2), "schedulers": ("u", 1)})

    def test_foreign(self):
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            d.kernel("enabled", "somebody_elses", 3)
            c = d.start().connect()
            p = {n: v[1] for n, v in c.properties().items()}
            self.assertEqual((p["ActiveScheduler"], p["Origin"], p["KernelOps"]), ("somebody_elses", "foreign", "somebody_elses"))
            self.assertIn("somebody_elses", p["Why"])
            for member, signature, *args in (("Switch", "sa{sv}", "good", {}), ("Stop", "a{sv}", {})):
                error, message = error_of(self, c, member, signature, *args)
                self.assertEqual(error, ERROR + "Foreign")
                self.assertIn("somebody_elses", message)
            d.kernel("disabled", seq=3)
            self.assertEqual(c.get("Origin"), "kernel")
            self.assertEqual(c.get("ActiveScheduler"), "eevdf")

    def test_errors(self):
        with Daemon() as d:
            d.scheduler("one")
            d.scheduler("needy", text="name: needy\nkind: bpf\nobject: %s\ndescription: Test\nrequires: [time_travel]\n" %
                        next(iter(d.config.glob("schedulers/one.yaml"))).read_text().split("object: ")[1].split("\n")[0])
            d.profile("good", "one")
            d.profile("needs", "needy")
            c = d.start().connect()
            for name in ("nothing", "", "../x", "x" * 100000, "eevdf", "\x1b[0m"):
                error, _ = error_of(self, c, "Switch", "sa{sv}", name, {})
                self.assertEqual(error, ERROR + "NoSuchProfile", name[:20])
            for member, signature, args in (("Switch", "sa{sv}", ["good"]), ("Stop", "a{sv}", []), ("Reload", "a{sv}", []),
                                            ("History", "ua{sv}", [5]), ("ResetFailed", "sa{sv}", ["one"])):
                error, message = error_of(self, c, member, signature, *args, {"dry-run": ("b", True)})
                self.assertEqual(error, INVALID, member)
                self.assertIn("dry-run", message)
            # Nothing here can load BPF, so that an honest attempt fails with its reason.
            error, message = error_of(self, c, "Switch", "sa{sv}", "good", {})
            self.assertEqual(error, ERROR + "LoadFailed")
            self.assertRegex(message, r"(?s)profile good.*\none: .+")
            e = c.get("LastExit")
            self.assertEqual((e["Scheduler"][1], e["Profile"][1]), ("one", "good"))
            self.assertIn(e["Kind"][1], ("load-failed", "verifier-refused"))
            self.assertEqual({k: v[0] for k, v in e.items()}, {"Id": "t", "Scheduler": "s", "Profile": "s", "Time": "t", "Kind": "s", "KernelKind": "u",
                                                              "Code": "t", "Reason": "s", "Message": "s", "Outcome": "s"})
            self.assertTrue(e["Message"][1])
            self.assertTrue(e["Outcome"][1])
            self.assertEqual(c.get("ActiveProfile"), "")
            error, message = error_of(self, c, "Switch", "sa{sv}", "needs", {})
            self.assertEqual(error, ERROR + "LoadFailed")
            self.assertIn("time_travel", message)

    def test_plain_profile(self):
        """A profile without schedulers wants EEVDF: a choice like any other, saved and told."""
        with Daemon() as d:
            d.profile("plain")
            c = d.start().connect()
            c.subscribe("type='signal',interface='org.freedesktop.DBus.Properties'")
            r = c.manager("Switch", "sa{sv}", "plain", {})[0]
            self.assertEqual({k: v[0] for k, v in r.items()}, {"profile": "s", "scheduler": "s", "why": "s", "warnings": "as"})
            self.assertEqual((r["profile"][1], r["scheduler"][1], r["warnings"][1]), ("plain", "eevdf", []))
            self.assertEqual(c.get("ActiveProfile"), "plain")
            changes = {}
            for m in c.pending:
                if m.member == "PropertiesChanged" and m.interface == PROPERTIES:
                    changes.update(m.values()[1])
            self.assertEqual(changes["ActiveProfile"], ("s", "plain"))
            self.assertEqual(d.stop(), 0)
            c = d.start().connect()
            self.assertEqual(c.get("ActiveProfile"), "plain")
            self.assertIn("choice", c.get("Why"))
            c.manager("Stop", "a{sv}", {})
            self.assertEqual(c.get("ActiveProfile"), "")
            d.stop()
            c = d.start().connect()
            self.assertEqual(c.get("ActiveProfile"), "")
            self.assertIn("stop", c.get("Why"))

    def test_lists(self):
        with Daemon() as d:
            d.scheduler("one")
            d.scheduler("lost", object="/nonexistent/lost.bpf.o")
            d.profile("good", "one: {slice_us: 1234}", "lost")
            c = d.start().connect()
            profiles = [{k: v for k, v in p.items()} for p in c.manager("ListProfiles")[0]]
            self.assertEqual([p["Name"][1] for p in profiles], ["good"])
            p = profiles[0]
            self.assertEqual({k: v[0] for k, v in p.items()}, {"Name": "s", "Description": "s", "File": "s", "Active": "b", "Chosen": "b",
                                                              "StallTimeoutUSec": "t", "MaxWakeupLatencyUSec": "t", "Restarts": "u",
                                                              "RestartsWindowUSec": "t", "Chain": "aa{sv}"})
            self.assertEqual((p["MaxWakeupLatencyUSec"][1], p["Restarts"][1], p["RestartsWindowUSec"][1]), (0, 3, 600000000))
            chain = p["Chain"][1]
            self.assertEqual([(l["Scheduler"][1], l["Usable"][1]) for l in chain], [("one", True), ("lost", False)])
            self.assertEqual([{k: v[0] for k, v in l.items()} for l in chain],
                             [{"Scheduler": "s", "Usable": "b", "Problem": "s", "Knobs": "a{ss}"}] * 2)
            self.assertEqual(chain[0]["Knobs"][1], {"slice_us": "1234"})
            self.assertIn("lost.bpf.o", chain[1]["Problem"][1])
            schedulers = c.manager("ListSchedulers")[0]
            self.assertEqual([s["Name"][1] for s in schedulers], ["lost", "one"])
            for s in schedulers:
                self.assertEqual({k: v[0] for k, v in s.items()}, {"Name": "s", "Description": "s", "Kind": "s", "File": "s", "Object": "s",
                                                                  "Requires": "as", "Active": "b", "Usable": "b", "Problem": "s",
                                                                  "Knobs": "aa{sv}"})
            knob = {k: v for k, v in schedulers[1]["Knobs"][1][0].items()}
            self.assertEqual({k: v[1] for k, v in knob.items()}, {
                "Name": "slice_us", "Type": "u64", "Unit": "us", "Set": "live", "Minimum": "100", "Maximum": "100000", "Default": "5000",
                "Description": "Test"})

    def test_unprivileged(self):
        """Who is not root may look, and change nothing."""
        if os.geteuid() != 0:
            self.skipTest("must be root to become somebody else")
        with Daemon() as d:
            d.profile("plain")
            d.start()
            d.root.chmod(0o755)
            (d.root / "socket").chmod(0o666)
            r, w = os.pipe()
            pid = os.fork()
            if pid == 0:
                lines = []
                try:
                    os.setgroups([])
                    os.setgid(1000)
                    os.setuid(1000)
                    c = wire.Bus(d.bus.address)
                    for member, signature, *args in (("Switch", "sa{sv}", "plain", {}), ("Stop", "a{sv}", {}), ("Reload", "a{sv}", {}),
                                                       ("ResetFailed", "sa{sv}", "", {})):
                        try:
                            c.manager(member, signature, *args)
                            lines.append("done")
                        except wire.DBusError as e:
                            lines.append(e.name)
                    c.manager("ListProfiles")
                    c.manager("History", "ua{sv}", 10, {})
                    c.manager("Explain")
                    lines.append(c.get("ActiveProfile"))
                except BaseException as e:
                    lines.append(repr(e))
                os.write(w, "\n".join(lines).encode())
                os._exit(0)
            os.close(w)
            text = os.read(r, 65536).decode()
            os.waitpid(pid, 0)
            self.assertEqual(text.split("\n"), [DENIED] * 4 + [""])


if __name__ == "__main__":
    unittest.main()
