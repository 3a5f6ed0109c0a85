# SPDX-License-Identifier: GPL-2.0-only
"""History, reasons and quarantine, as far as they need no kernel that runs schedulers."""

import json
import os
import pathlib
import unittest

from daemon import ERROR, INVALID, Daemon, error_of, wire
from fixture import wait_until

ENTRY = {"Id": "t", "Event": "s", "Scheduler": "s", "Profile": "s", "Time": "t", "Started": "t", "Why": "s", "Kind": "s", "KernelKind": "u",
         "Code": "t", "Reason": "s", "Message": "s", "Outcome": "s", "HasDump": "b"}


def history(c, n=100):
    return [{k: v[1] for k, v in e.items()} for e in c.manager("History", "ua{sv}", n, {})[0]]


def explain(c):
    return [{k: v[1] for k, v in e.items()} for e in c.manager("Explain")[0]]


def quarantine_file(d, scheduler="one", kernel=None, reason="was ejected", **changes):
    """What scxd itself writes when the scheduler has failed too often."""
    path = next(line.split(": ")[1] for line in (d.config / f"schedulers/{scheduler}.yaml").read_text().split("\n") if line.startswith("object"))
    st = os.stat(path)
    entry = {"scheduler": scheduler, "object": path, "size": st.st_size, "mtime_nsec": st.st_mtime_ns, "inode": st.st_ino, "quarantined": True,
             "since": 1, "kind": "stall", "reason": reason, "failures": [], **changes}
    (d.state / "quarantine.json").write_text(json.dumps(
        {"version": 1, "kernel": kernel or os.uname().release, "boot": "earlier", "entries": [entry]}))


class Health(unittest.TestCase):
    def test_failed_start(self):
        """It is noted, with its number, over restarts; and told by signal."""
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            c = d.start().connect()
            self.assertEqual(history(c), [])
            c.subscribe("type='signal',interface='org.scx.Manager1'")
            error_of(self, c, "Switch", "sa{sv}", "good", {})
            raw = c.manager("History", "ua{sv}", 100, {})[0]
            self.assertEqual([{k: v[0] for k, v in e.items()} for e in raw], [ENTRY])
            e = history(c)[0]
            self.assertEqual((e["Id"], e["Event"], e["Scheduler"], e["Profile"]), (1, "failed", "one", "good"))
            self.assertIn(e["Kind"], ("load-failed", "verifier-refused"))
            self.assertTrue(e["Message"])
            wait_until(lambda: c.get("Activity") == "idle" and [m for m in c.pending if m.member == "SchedulerChanged"], "the signal")
            told = [m.values()[0] for m in c.pending if m.member == "SchedulerChanged"]
            self.assertEqual([t["Id"] for t in told], [("t", 1)])
            self.assertFalse([m for m in c.pending if m.member == "Ejected"])   # it never ran
            self.assertEqual(c.get("LastExit")["Id"], ("t", 1))
            one = c.manager("HistoryEntry", "t", 1)[0]
            self.assertEqual({k: v[0] for k, v in one.items()}, ENTRY)
            error, message = error_of(self, c, "HistoryEntry", "t", 7)
            self.assertEqual(error, ERROR + "NoSuchEntry")
            self.assertIn("7", message)
            error_of(self, c, "Switch", "sa{sv}", "good", {})
            self.assertEqual([e["Id"] for e in history(c, 1)], [2])
            self.assertEqual(history(c, 0), [])

            self.assertEqual(d.stop(), 0)
            c = d.start().connect()
            self.assertEqual([e["Id"] for e in history(c)], [1, 2])
            self.assertEqual(history(c)[0]["Outcome"], "left as it was: eevdf")
            self.assertEqual(c.get("LastExit")["Id"], ("t", 2))

    def test_corrupt_history(self):
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            (d.state / "history").mkdir()
            (d.state / "history/00000000000000000041.json").write_text("{")
            c = d.start().connect()
            d.wait_message("cannot be understood")
            self.assertEqual(history(c), [])
            error_of(self, c, "Switch", "sa{sv}", "good", {})
            self.assertEqual([e["Id"] for e in history(c)], [42])

    def test_no_place(self):
        """Where the history cannot be kept it goes on in memory; said once."""
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            (d.state / "history").write_text("not a directory")
            c = d.start().connect()
            for _ in range(3):
                error_of(self, c, "Switch", "sa{sv}", "good", {})
            self.assertEqual([e["Id"] for e in history(c)], [1, 2, 3])
            self.assertEqual(d.messages().count("will not outlive a restart"), 1)

    def test_quarantine(self):
        """One in quarantine is shown, passed over, explained and lifted."""
        with Daemon() as d:
            d.scheduler("one")
            d.scheduler("two")
            d.profile("good", "one")
            d.profile("plain")
            quarantine_file(d)
            c = d.start().connect()
            s = {k: v[1] for k, v in c.manager("ListSchedulers")[0][0].items()}
            self.assertEqual((s["Name"], s["Usable"]), ("one", False))
            self.assertIn("quarantine", s["Problem"])
            self.assertIn("was ejected", s["Problem"])
            self.assertTrue(c.manager("ListSchedulers")[0][1]["Usable"][1])
            link = c.manager("ListProfiles")[0][0]["Chain"][1][0]
            self.assertFalse(link["Usable"][1])
            error, message = error_of(self, c, "Switch", "sa{sv}", "good", {})
            self.assertEqual(error, ERROR + "LoadFailed")
            self.assertIn("one: is in quarantine", message)
            self.assertIn("reset-failed", message)
            self.assertEqual(history(c), [])    # it was not even tried

            error, _ = error_of(self, c, "ResetFailed", "sa{sv}", "nobody", {})
            self.assertEqual(error, ERROR + "NoSuchScheduler")
            self.assertEqual(c.manager("ResetFailed", "sa{sv}", "two", {})[0], {"lifted": ("as", [])})
            self.assertEqual(c.manager("ResetFailed", "sa{sv}", "one", {})[0], {"lifted": ("as", ["one"])})
            self.assertTrue(c.manager("ListSchedulers")[0][0]["Usable"][1])
            e = history(c)[-1]
            self.assertEqual((e["Event"], e["Scheduler"], e["Why"]), ("lifted", "one", "root lifted it"))
            self.assertEqual(json.loads((d.state / "quarantine.json").read_text())["entries"], [])
            error, message = error_of(self, c, "Switch", "sa{sv}", "good", {})
            self.assertNotIn("quarantine", message)
            d.stop()
            c = d.start().connect()
            self.assertTrue(c.manager("ListSchedulers")[0][0]["Usable"][1])

    def test_lifted_by_itself(self):
        """By another kernel, and by another object: at start, at a reload and when its profile is switched to."""
        for how in ("kernel", "start", "reload", "switch"):
            with self.subTest(how), Daemon() as d:
                d.scheduler("one", object=d.objects / "one.bpf.o")
                (d.objects / "one.bpf.o").write_bytes(b"no object")
                d.profile("good", "one")
                quarantine_file(d, kernel="6.12.0-other" if how == "kernel" else None, **({"size": 1} if how == "start" else {}))
                c = d.start().connect()
                if how in ("reload", "switch"):
                    (d.objects / "one.bpf.o").write_bytes(b"another one")
                    self.assertEqual(history(c), [])
                if how == "reload":
                    error_of(self, c, "Reload", "a{sv}", {})    # it is no object, so the reload is refused
                    d.scheduler("one")
                    c.manager("Reload", "a{sv}", {})
                elif how == "switch":
                    error_of(self, c, "Switch", "sa{sv}", "good", {})
                lifted = [e for e in history(c) if e["Event"] == "lifted"]
                self.assertEqual([e["Scheduler"] for e in lifted], ["one"])
                self.assertEqual(lifted[0]["Why"], "this is another kernel" if how == "kernel" else "its object has changed")

    def test_corrupt_quarantine(self):
        with Daemon() as d:
            d.scheduler("one")
            (d.state / "quarantine.json").write_text("{\"entries\": 7}")
            c = d.start().connect()
            d.wait_message("set aside")
            self.assertTrue((d.state / "quarantine.json.corrupt").exists())
            self.assertTrue(c.manager("ListSchedulers")[0][0]["Usable"][1])

    def test_open_run(self):
        """A start without an end, as a power failure leaves it, is ended at the next start."""
        with Daemon() as d:
            (d.state / "history").mkdir()
            entry = {"id": 5, "event": "started", "scheduler": "one", "profile": "p", "time": 1000, "started": 0, "why": "root asked for p",
                     "kind": "stopped", "kernel_kind": 0, "code": 0, "reason": "", "message": "", "outcome": ""}
            (d.state / "history/00000000000000000005.json").write_text(json.dumps(entry))
            c = d.start().connect()
            self.assertEqual([(e["Id"], e["Event"], e["Scheduler"], e["Kind"], e["Started"]) for e in history(c)],
                             [(5, "started", "one", "", 0), (6, "ended", "one", "stopped", 1000)])
            self.assertEqual(c.get("LastExit"), {})

    def test_explain(self):
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            d.profile("plain")
            c = d.start().connect()
            self.assertEqual([{k: v[0] for k, v in e.items()} for e in c.manager("Explain")[0]],
                             [{"Step": "s", "Scheduler": "s", "State": "s", "Text": "s", "Retry": "t"}] * 2)
            self.assertEqual([(s["Step"], s["Text"]) for s in explain(c)],
                             [("wish", "Nobody has chosen a profile"), ("result", "So the kernel's own EEVDF runs")])
            c.manager("Switch", "sa{sv}", "plain", {})
            self.assertIn("root asked for profile plain", explain(c)[0]["Text"])
            c.manager("Stop", "a{sv}", {})
            self.assertIn("root asked to stop", explain(c)[0]["Text"])
            d.kernel("enabled", "somebody_elses", 3)
            self.assertEqual([s["Step"] for s in explain(c)], ["kernel", "wish", "result"])
            self.assertIn("somebody_elses", explain(c)[0]["Text"])

    def test_choice_in_quarantine(self):
        """A choice saved earlier stands, also if all of its schedulers are in quarantine; and lifting it is enough to try it."""
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            quarantine_file(d)
            (d.state / "state.json").write_text(json.dumps({"choice": "good", "stopped": "none"}))
            c = d.start().connect()
            self.assertEqual((c.get("ActiveProfile"), c.get("ActiveScheduler")), ("good", "eevdf"))
            self.assertIn("quarantine", c.get("Why"))
            self.assertEqual([s["State"] for s in explain(c) if s["Step"] == "candidate"], ["quarantined"])
            c.manager("ResetFailed", "sa{sv}", "", {})
            wait_until(lambda: any(e["Event"] == "failed" for e in history(c)), "it to be tried")     # in vain: nothing here loads BPF
            d.wait_idle(c)
            self.assertEqual([s["State"] for s in explain(c) if s["Step"] == "candidate"], ["start-failed"])
            self.assertEqual(c.get("ActiveProfile"), "good")


if __name__ == "__main__":
    unittest.main()
