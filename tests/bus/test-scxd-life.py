# SPDX-License-Identifier: GPL-2.0-only
"""The daemon's life: its loader missing, dying and hanging; its bus going away; signals; too many and malformed calls."""

import os
import signal
import socket
import time
import unittest

from daemon import ERROR, INVALID, NAME, SCXD, Daemon, error_of, wire
from fixture import Program, wait_until


class Loader(unittest.TestCase):
    def test_missing(self):
        """Without its helper it cannot start, and says which program is missing."""
        with Daemon() as d:
            d.start(wait=False, SCXD_LOADER="/nonexistent/scxd-loader")
            self.assertEqual(d.program.wait(), 1)
            self.assertIn("/nonexistent/scxd-loader", d.messages())

    def test_bad_at_start(self):
        """Its helper dies on each object: it starts, and each scheduler has a problem."""
        for mode in ("crash", "fail", "rubbish"):
            with self.subTest(mode), Daemon() as d:
                d.loader_mode(mode)
                d.scheduler("one")
                d.profile("good", "one")
                c = d.start().connect()
                s = c.manager("ListSchedulers")[0][0]
                self.assertFalse(s["Usable"][1])
                self.assertTrue(s["Problem"][1])
                error, message = error_of(self, c, "Switch", "sa{sv}", "good", {})
                self.assertEqual(error, ERROR + "LoadFailed")
                self.assertIn("one", message)
                # A reload with a helper that works puts it right.
                d.loader_mode("real")
                c.manager("Reload", "a{sv}", {})
                self.assertTrue(c.manager("ListSchedulers")[0][0]["Usable"][1])

    def test_bad_at_switch(self):
        for mode in ("crash", "fail", "rubbish"):
            with self.subTest(mode), Daemon() as d:
                d.scheduler("one")
                d.scheduler("two")
                d.profile("good", "one", "two")
                c = d.start().connect()
                d.loader_mode(mode)
                error, message = error_of(self, c, "Switch", "sa{sv}", "good", {})
                self.assertEqual(error, ERROR + "LoadFailed")
                self.assertRegex(message, r"(?s)one: .+\ntwo: .+")
                self.assertEqual(c.get("ActiveProfile"), "")
                self.assertEqual(c.get("Activity"), "idle")
                wait_until(lambda: not d.loaders(), "the helpers to be reaped")

    def test_gone_at_switch(self):
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            c = d.start().connect()
            d.loader.unlink()
            error, _ = error_of(self, c, "Switch", "sa{sv}", "good", {})
            self.assertEqual(error, ERROR + "LoadFailed")
            error, message = error_of(self, c, "Reload", "a{sv}", {})
            self.assertEqual(error, ERROR + "ReloadFailed")
            self.assertEqual(len(c.manager("ListProfiles")[0]), 1)

    def test_hanging(self):
        """While its helper hangs it answers; a later request replaces the one that waits, and nothing is leaked."""
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            d.profile("plain")
            c = d.start().connect()
            c.manager("ListProfiles")
            wait_until(lambda: not d.loaders(), "the first helper to be reaped")
            fds = d.fds()
            for how in ("Switch", "Stop"):
                d.loader_mode("hang")
                waiting = c.send_manager("Switch", "sa{sv}", "good", {})
                wait_until(lambda: c.get("Activity") == "switching", "the switch to begin")
                t = time.monotonic()
                c.manager("ListSchedulers")
                self.assertLess(time.monotonic() - t, 5)
                if how == "Switch":
                    self.assertEqual(c.manager("Switch", "sa{sv}", "plain", {})[0]["profile"][1], "plain")
                else:
                    c.manager("Stop", "a{sv}", {})
                answer = c.wait(waiting)
                self.assertEqual((answer.kind, answer.error), (wire.ERROR, ERROR + "Superseded"))
                wait_until(lambda: not d.loaders(), "the helper to be ended and reaped")
                self.assertEqual(c.get("Activity"), "idle")
                self.assertLessEqual(d.fds(), fds)

    def test_ends_while_hanging(self):
        """SIGTERM in the middle of a load: a clean end, and the helper does not stay."""
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            c = d.start().connect()
            d.loader_mode("hang")
            c.send_manager("Switch", "sa{sv}", "good", {})
            helper = wait_until(d.loaders, "the helper to start")[0]
            self.assertEqual(d.stop(), 0)
            wait_until(lambda: not os.path.exists(f"/proc/{helper}"), "the helper to end")


class Many(unittest.TestCase):
    def test_too_many(self):
        """64 may wait for one switch, and for one reload; who comes later is told at once, and all others are answered."""
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            d.profile("plain")
            c, other = d.start().connect(), d.connect()
            d.loader_mode("hang")
            serials = [c.send_manager("Switch", "sa{sv}", "good", {}) for _ in range(100)]
            refused = [c.wait(s) for s in serials[64:]]
            self.assertEqual({(m.kind, m.error) for m in refused}, {(wire.ERROR, ERROR + "TooManyRequests")})
            other.manager("Switch", "sa{sv}", "plain", {})
            replaced = [c.wait(s) for s in serials[:64]]
            self.assertEqual({(m.kind, m.error) for m in replaced}, {(wire.ERROR, ERROR + "Superseded")})

            serials = [c.send_manager("Reload", "a{sv}", {}) for _ in range(100)]
            refused = [c.wait(s) for s in serials[64:]]
            self.assertEqual({(m.kind, m.error) for m in refused}, {(wire.ERROR, ERROR + "TooManyRequests")})
            d.loader_mode("real")
            for helper in d.loaders():
                os.kill(helper, signal.SIGKILL)
            answers = [c.wait(s) for s in serials[:64]]
            self.assertEqual(len({(m.kind, m.error) for m in answers}), 1)
            self.assertEqual(other.get("ActiveProfile"), "plain")

    def test_clients_that_leave(self):
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            d.profile("plain")
            c = d.start().connect()
            d.loader_mode("hang")
            for _ in range(20):
                gone = d.connect()
                gone.send_manager("Switch", "sa{sv}", "good", {})
                gone.get("Activity")
                gone.close()
            c.manager("Switch", "sa{sv}", "plain", {})
            self.assertEqual(c.get("ActiveProfile"), "plain")

    def test_flood(self):
        with Daemon() as d:
            d.profile("plain")
            d.start()
            # The bus lets one connection wait for 128 answers.
            connections = [d.connect() for _ in range(4)]
            serials = []
            for i in range(400):
                c = connections[i % 4]
                serials.append((c, c.send_manager("Switch", "sa{sv}", "plain", {}) if i % 3 == 0 else
                                c.send_manager("Stop", "a{sv}", {}) if i % 3 == 1 else c.send_manager("ListProfiles")))
            self.assertEqual({c.wait(s).error for c, s in serials}, {None})

    def test_malformed(self):
        with Daemon() as d:
            d.profile("plain")
            c = d.start().connect()
            for member, signature, *args in (
                    ("Switch", ""), ("Switch", "s", "plain"), ("Switch", "u", 5), ("Switch", "sas", "plain", ["x"]),
                    ("Switch", "a{sv}s", {}, "plain"), ("Stop", ""), ("Stop", "s", "x"), ("Stop", "a{ss}", {"a": "b"}), ("Reload", "ay", b"x"),
                    ("ListProfiles", "s", "x"), ("ListSchedulers", "a{sv}", {})):
                error, _ = error_of(self, c, member, signature, *args)
                self.assertEqual(error, INVALID, (member, signature))
            error, _ = error_of(self, c, "Frobnicate")
            self.assertEqual(error, "org.freedesktop.DBus.Error.UnknownMethod")
            with self.assertRaises(wire.DBusError):
                c.call(NAME, wire.PATH, "org.freedesktop.DBus.Properties", "Set", "ssv", wire.INTERFACE, "ActiveProfile", ("s", "plain"))
            with self.assertRaises(wire.DBusError):
                c.call(NAME, "/org/scx", wire.INTERFACE, "Stop", "a{sv}", {})
            # No answer wanted: it is done all the same.
            c.send_manager("Switch", "sa{sv}", "plain", {}, flags=1)
            wait_until(lambda: c.get("ActiveProfile") == "plain", "the switch")


class Signals(unittest.TestCase):
    def test_end(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Daemon() as d:
                d.profile("plain")
                c = d.start().connect()
                c.manager("Switch", "sa{sv}", "plain", {})
                self.assertEqual(d.stop(number), 0)

    def test_hangup(self):
        with Daemon() as d:
            d.profile("plain")
            c = d.start().connect()
            d.profile("new")
            d.program.signal(signal.SIGHUP)
            wait_until(lambda: len(c.manager("ListProfiles")[0]) == 2, "the new profile")
            d.profile("bad", "nobody")
            for _ in range(20):
                d.program.signal(signal.SIGHUP)
            d.wait_message("refused")
            self.assertEqual(len(c.manager("ListProfiles")[0]), 2)

    def test_notify(self):
        """What systemd is told: ready, not before clients can ask; reloading and ready again; stopping."""
        with Daemon() as d:
            d.profile("plain")
            path = d.root / "notify"
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.bind(str(path))
            s.settimeout(30)
            d.start(NOTIFY_SOCKET=path)

            def until(what):
                while True:
                    text = s.recv(4096).decode()
                    if what in text.split("\n"):
                        return text
            until("READY=1")
            self.assertTrue(d.bus.has_owner(NAME))
            d.program.signal(signal.SIGHUP)
            self.assertRegex(until("RELOADING=1"), r"MONOTONIC_USEC=\d+")
            until("READY=1")
            d.profile("bad", "nobody")
            d.program.signal(signal.SIGHUP)
            until("RELOADING=1")
            until("READY=1")
            d.stop()
            until("STOPPING=1")
            s.close()

    def test_arguments(self):
        with Daemon() as d:
            for argv, status in ((["--help"], 0), (["--version"], 0), (["--nonsense"], 2), (["word"], 2)):
                self.assertEqual(d.bus.run([SCXD, *argv], env=d.env).returncode, status, argv)


class TheBus(unittest.TestCase):
    def test_no_bus(self):
        with Daemon() as d:
            d.start(wait=False, DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nonexistent")
            self.assertEqual(d.program.wait(), 1)
            self.assertIn("bus", d.messages())

    def test_second_daemon(self):
        """The name is taken: the second ends with a failure and says why, the first goes on."""
        with Daemon() as d:
            c = d.start().connect()
            first = d.program
            d.start(wait=False)
            self.assertEqual(d.program.wait(), 1)
            self.assertIn("taken", d.messages())
            d.program = first
            self.assertEqual(c.get("Activity"), "idle")

    def test_bus_restarts(self):
        """The bus dies and comes back: so does the name, with the choice as it was."""
        with Daemon() as d:
            d.profile("plain")
            d.start().connect().manager("Switch", "sa{sv}", "plain", {})
            for _ in range(2):
                d.bus.daemon.end()
                d.wait_message("went away")
                time.sleep(0.6)
                self.assertTrue(d.alive())
                (d.root / "socket").unlink(missing_ok=True)
                d.bus.daemon = Program(["dbus-daemon", f"--config-file={d.root / 'bus.conf'}", "--nofork", "--print-address"], d.bus.env)
                d.bus.daemon.line()
                wait_until(lambda: d.bus.has_owner(NAME), "the name to come back")
                c = d.connect()
                self.assertEqual(c.get("ActiveProfile"), "plain")
                c.manager("Switch", "sa{sv}", "plain", {})
                self.assertTrue(c.manager("Reload", "a{sv}", {}))


if __name__ == "__main__":
    unittest.main()
