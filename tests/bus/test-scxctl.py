# SPDX-License-Identifier: GPL-2.0-only
"""scxctl against a stand-in for scxd: what it prints, what it ends with."""

import copy
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree

from fixture import PATIENCE, PrivateBus

SCXCTL = os.environ["SCXCTL"]
FAKE_MANAGER = os.environ["FAKE_MANAGER"]
SOURCE_DIR = pathlib.Path(os.environ["SOURCE_DIR"])
NAME = "org.scx.Manager1"
ERROR = NAME + ".Error."

DONE, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 3

# Sat 2026-11-21 10:11:12 UTC
SINCE = 1795255872 * 1000000


def monotonic():
    return int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6)


def active():
    return {
        "Version": "0.1", "ActiveProfile": "gaming", "ActiveScheduler": "latency", "Origin": "scxd", "KernelState": "enabled",
        "KernelOps": "scxd_latency", "Since": SINCE, "SinceMonotonic": monotonic() - 185 * 1000000,
        "Why": "root asked for gaming", "NextIfFailed": "interactive", "Activity": "idle", "LastExit": {}, "Problems": [],
        "KernelFeatures": ["sched_ext", "dsq_insert_vtime"], "KernelBtfBroken": False,
    }


def eevdf():
    return {**active(), "ActiveProfile": "", "ActiveScheduler": "eevdf", "Origin": "kernel", "KernelState": "disabled",
            "KernelOps": "", "Why": "no profile has been chosen", "NextIfFailed": ""}


STALL = {"Id": 12, "Scheduler": "latency", "Profile": "gaming", "Time": SINCE, "Kind": "stall", "KernelKind": 1026, "Code": 0,
         "Reason": "runnable task stall", "Message": "kworker/1:2[123] failed to run for 5.060s",
         "Outcome": "started interactive instead", "Dump": "line one\n  line two\n"}

PROFILES = [
    {"Name": "balanced", "Description": "A bit of everything", "File": "/usr/share/scxd/profiles/balanced.yaml", "Active": False,
     "Chosen": False, "StallTimeoutUSec": 0, "Chain": []},
    {"Name": "gaming", "Description": "The frame loop stays on time while the rest of the machine works",
     "File": "/etc/scxd/profiles/gaming.yaml", "Active": True, "Chosen": True, "StallTimeoutUSec": 5000000, "Chain": [
         {"Scheduler": "latency", "Usable": True, "Problem": "", "Knobs": {"slice_us": "1000", "smt_aware": "no"}},
         {"Scheduler": "rusty", "Usable": False, "Problem": "needs time_travel, which this kernel does not have", "Knobs": {}}]},
]

SCHEDULERS = [
    {"Name": "latency", "Description": "Chains of tasks that must be on time", "Kind": "bpf",
     "File": "/usr/share/scxd/schedulers/latency.yaml", "Object": "/usr/lib/scxd/schedulers/latency.bpf.o",
     "Requires": ["sched_ext", "dsq_insert_vtime"], "Active": True, "Usable": True, "Problem": "", "Knobs": [
         {"Name": "slice_us", "Type": "u64", "Unit": "us", "Set": "live", "Minimum": "100", "Maximum": "20000", "Default": "2000",
          "Description": "Longest turn of a task"},
         {"Name": "smt_aware", "Type": "bool", "Unit": "", "Set": "load", "Minimum": "no", "Maximum": "yes", "Default": "yes",
          "Description": ""}]},
    {"Name": "rusty", "Description": "", "Kind": "bpf", "File": "/etc/scxd/schedulers/rusty.yaml", "Object": "/x/rusty.bpf.o",
     "Requires": ["time_travel"], "Active": False, "Usable": False, "Problem": "needs time_travel, which this kernel does not have",
     "Knobs": []},
]


def scenario(properties=None, **methods):
    result = {"properties": properties or active(), "ListProfiles": {"result": PROFILES}, "ListSchedulers": {"result": SCHEDULERS}}
    result.update(methods)
    return result


def error(name, message):
    return {"error": [name if "." in name else ERROR + name, message]}


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.bus = PrivateBus()
        cls.addClassCleanup(cls.bus.close)

    def setUp(self):
        self.daemon = None

    def tearDown(self):
        self.end_daemon()

    def end_daemon(self):
        if self.daemon:
            self.daemon.end()
            self.bus.programs.remove(self.daemon)
            self.bus.wait_gone(NAME)
        self.daemon = None

    def play(self, what=None, **methods):
        """(Re)starts the stand-in with these properties and behaviours."""
        self.end_daemon()
        path = self.bus.directory / "scenario.json"
        path.write_text(json.dumps(scenario(what, **methods)))
        self.daemon = self.bus.start([FAKE_MANAGER, path], name=NAME)

    def scxctl(self, *arguments, env=None):
        return self.bus.run([SCXCTL, *arguments], env=env)

    def expect(self, *arguments, code=DONE, out=None, err="", env=None):
        """Runs scxctl; out and err are the exact texts (None: not looked at)."""
        result = self.scxctl(*arguments, env=env)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        if out is not None:
            self.assertEqual(result.stdout, out)
        if err is not None:
            self.assertEqual(result.stderr, err)
        return result

    def json(self, *arguments):
        result = self.expect(*arguments, "--json=short")
        self.assertEqual(result.stdout.count("\n"), 1)
        return json.loads(result.stdout)

    def on_terminal(self, *arguments, env=None, columns=80):
        """What scxctl writes to a terminal."""
        import fcntl
        import struct
        import termios
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([SCXCTL, *arguments], env=self.bus.environment({"TERM": "xterm", **(env or {})}), stdin=follower,
                                   stdout=follower, stderr=follower)
        os.close(follower)
        text = b""
        while True:
            try:
                more = os.read(leader, 65536)
            except OSError:
                break
            if not more:
                break
            text += more
        os.close(leader)
        return process.wait(PATIENCE), text.decode().replace("\r\n", "\n")


class Contract(Case):
    def test_stand_in_has_the_documented_interface(self):
        self.play()
        answer = self.bus.busctl("introspect", "--xml-interface", NAME, "/org/scx/Manager1")
        documented = xml.etree.ElementTree.parse(SOURCE_DIR / "dbus" / "org.scx.Manager1.xml").getroot()
        self.assertEqual(describe(xml.etree.ElementTree.fromstring(answer.stdout)), describe(documented))


def describe(root):
    interface = next(i for i in root.iter("interface") if i.get("name") == NAME)
    found = set()
    for method in interface.iter("method"):
        arguments = [(a.get("direction"), a.get("type")) for a in method.iter("arg")]
        found.add(("method", method.get("name"), tuple(sorted(arguments))))
    for signal_ in interface.iter("signal"):
        found.add(("signal", signal_.get("name"), tuple(a.get("type") for a in signal_.iter("arg"))))
    for property_ in interface.iter("property"):
        found.add(("property", property_.get("name"), property_.get("type"), property_.get("access")))
    return found


class Status(Case):
    def test_active(self):
        self.play()
        expected = """\
● gaming: scheduler latency is running
      Since: Sat 2026-11-21 10:11:12 UTC, 3min 5s ago
        Why: root asked for gaming
If it fails: interactive takes over
     Kernel: sched_ext is enabled (scxd_latency)
       scxd: 0.1
"""
        for arguments in ([], ["status"], ["--no-pager", "status"], ["status", "--no-ask-password"]):
            result = self.expect(*arguments)
            self.assertEqual(re.sub(r"3min [5-9]s", "3min 5s", result.stdout), expected)

    def test_without_utf8(self):
        self.play({**active(), "Why": "für alle"})
        result = self.expect(env={"LC_ALL": "C"})
        self.assertIn("* gaming: scheduler latency is running\n", result.stdout)
        self.assertIn("f\\u00fcr alle", result.stdout)
        self.assertTrue(result.stdout.isascii())

    def test_eevdf(self):
        self.play(eevdf())
        self.assertTrue(self.expect().stdout.startswith("○ the kernel's own EEVDF is running\n"))
        self.assertNotIn("If it fails", self.expect().stdout)

    def test_profile_fell_back(self):
        self.play({**eevdf(), "ActiveProfile": "gaming", "LastExit": STALL})
        result = self.expect()
        self.assertTrue(result.stdout.startswith("○ gaming: the kernel's own EEVDF is running\n"))

    def test_unsupported(self):
        self.play({**eevdf(), "KernelState": "unsupported", "Why": "this kernel has no sched_ext, so only its own EEVDF can run"})
        result = self.expect()
        self.assertTrue(result.stdout.startswith("× This kernel has no sched_ext: only its own EEVDF can run\n"))
        self.assertIn("Kernel: has no sched_ext\n", result.stdout)

    def test_foreign(self):
        self.play({**active(), "ActiveProfile": "", "ActiveScheduler": "scx_lavd", "Origin": "foreign", "NextIfFailed": ""})
        self.assertTrue(self.expect().stdout.startswith("● scx_lavd is running, started by somebody else\n"))
        self.play({**active(), "ActiveScheduler": "scx_lavd", "Origin": "foreign", "NextIfFailed": ""})
        self.assertTrue(self.expect().stdout.startswith("● gaming is chosen, but scx_lavd is running, started by somebody else\n"))

    def test_ejected(self):
        self.play({**active(), "ActiveScheduler": "interactive", "NextIfFailed": "eevdf", "LastExit": STALL})
        out = self.expect().stdout
        self.assertIn("If it fails: the kernel's own EEVDF takes over\n", out)
        self.assertIn("Last exit: latency of profile gaming, Sat 2026-11-21 10:11:12 UTC, ", out)
        self.assertIn("             was ejected because tasks did not get to run: runnable task stall [stall]\n"
                      "             kworker/1:2[123] failed to run for 5.060s\n"
                      "             Then: started interactive instead\n"
                      "             The kernel's dump: scxctl history show 12\n", out)

    def test_exit_of_unknown_kind(self):
        self.play({**active(), "LastExit": {**STALL, "Kind": "from-the-future", "Code": 0x1000100000000}})
        self.assertIn(": runnable task stall [from-the-future, code 0x1000100000000]", self.expect().stdout)

    def test_activity_and_btf(self):
        self.play({**active(), "Activity": "falling-back", "KernelBtfBroken": True})
        out = self.expect().stdout
        self.assertIn("        Now: scxd is falling-back\n", out)
        self.assertIn("its BTF misdescribes some functions", out)

    def test_problems(self):
        problems = [f"/etc/scxd/profiles/p{i}.yaml:3:1: found key 'x', expected none" for i in range(5)]
        self.play({**active(), "Problems": problems})
        out = self.expect().stdout
        self.assertIn("   Problems: 5 in the files of profiles and schedulers\n", out)
        self.assertIn(f"             {problems[2]}\n             2 more: scxctl status -p problems --value\n", out)
        self.assertNotIn(problems[3], out)
        self.expect("status", "-p", "problems", "--value", out="\n".join(problems) + "\n")

    def test_hostile_text(self):
        evil = "a\x1b[2J\x07b\u202ec\u009bd\u200be\r\nLast exit: forged"
        self.play({**active(), "ActiveProfile": evil, "Why": evil, "LastExit": {**STALL, "Message": evil, "Scheduler": evil},
                   "Problems": [evil]})
        for arguments in ([], ["-p", "why"], ["-p", "why", "--value"], ["-p", "last_exit"], ["-j"], ["--json=pretty"]):
            out = self.expect("status", *arguments).stdout
            for c in out:
                self.assertTrue(c in "\n\t" or (ord(c) >= 0x20 and c not in "\x7f\x9b\u202e\u200b"), repr(out))
            if "--value" not in arguments:
                self.assertNotIn("\nLast exit: forged", out)
        self.assertEqual(json.loads(self.expect("-j").stdout)["why"], evil)
        self.assertIn("\\x1b[2J\\x07b\\u202ec\\u009bd\\u200be\\r\\nLast exit: forged", self.expect("-p", "why").stdout)

    def test_json(self):
        self.play({**active(), "LastExit": STALL, "Problems": ["x:1:2: y"]})
        v = self.json("status")
        self.assertEqual(v["active_profile"], "gaming")
        self.assertEqual(v["since"], SINCE)
        self.assertIs(v["kernel_btf_broken"], False)
        self.assertEqual(v["kernel_features"], ["sched_ext", "dsq_insert_vtime"])
        self.assertEqual(v["problems"], ["x:1:2: y"])
        self.assertEqual(v["last_exit"], {
            "id": 12, "scheduler": "latency", "profile": "gaming", "time": SINCE, "kind": "stall", "kernel_kind": 1026, "code": 0,
            "reason": STALL["Reason"], "message": STALL["Message"], "outcome": STALL["Outcome"], "dump": STALL["Dump"]})
        self.assertEqual(set(v), {"version", "active_profile", "active_scheduler", "origin", "kernel_state", "kernel_ops", "since",
                                  "since_monotonic", "why", "next_if_failed", "activity", "last_exit", "problems", "kernel_features",
                                  "kernel_btf_broken"})
        pretty = self.expect("--json=pretty").stdout
        self.assertGreater(pretty.count("\n"), 20)
        self.assertEqual(json.loads(pretty), v)
        self.assertEqual(json.loads(self.expect("-j").stdout), v)
        self.assertTrue(self.expect("-j", "--json=off").stdout.startswith("●"))

    def test_properties(self):
        self.play({**active(), "LastExit": STALL})
        self.expect("-p", "ActiveScheduler", out="active_scheduler=latency\n")
        self.expect("-p", "active_scheduler,origin", "--value", out="latency\nscxd\n")
        self.expect("status", "-p", "kernel_features", "-p", "KernelBtfBroken",
                    out="kernel_features=sched_ext\nkernel_features=dsq_insert_vtime\nkernel_btf_broken=false\n")
        self.expect("-p", "LastExit.Dump", "--value", out="line one\n  line two\n")
        self.expect("-p", "last_exit.dump", out="last_exit.dump=line one\\n  line two\\n\n")
        self.expect("-p", "last_exit.kernel_kind", "--value", out="1026\n")
        self.expect("-p", "problems", out="problems=\n")
        self.expect("-p", "problems", "--value", out="")
        self.assertIn("last_exit.kind=stall\n", self.expect("-p", "last_exit").stdout)
        self.assertIn("\n1026\n", self.expect("--value").stdout)
        self.assertEqual(json.loads(self.expect("-j", "-p", "origin,last_exit.kind").stdout),
                         {"origin": "scxd", "last_exit.kind": "stall"})
        self.expect("-p", "orign", code=USAGE, out="", err="scxctl: there is no property 'orign'; did you mean 'origin'?\n"
                    "  \"scxctl --help\" shows what there is.\n")
        self.expect("-p", "origin,zzzzzz", code=USAGE, out="", err=None)

    def test_property_of_absent_exit(self):
        self.play()
        self.expect("-p", "last_exit", out="last_exit=\n")
        self.expect("-p", "last_exit.dump", "--value", out="")
        self.expect("-p", "last_exit.dump", "-j", out="{}\n")

    def test_narrow_terminal(self):
        self.play({**active(), "Why": "root asked for gaming; latency was ejected because tasks did not get to run; interactive "
                   "could not be started", "LastExit": STALL})
        code, text = self.on_terminal()
        self.assertEqual(code, DONE)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
        self.assertIn("\x1b[1;32m● gaming: scheduler latency is running\x1b[0m\n", text)
        self.assertLessEqual(max(map(len, plain.split("\n"))), 80)
        self.assertRegex(plain, r"        Why: root asked for gaming; latency was ejected [^\n]*\n {13}\S")
        code, text = self.on_terminal(env={"NO_COLOR": "1"})
        self.assertNotIn("\x1b", text)
        code, text = self.on_terminal(env={"TERM": "dumb"})
        self.assertNotIn("\x1b", text)
        code, text = self.on_terminal("-j")
        self.assertGreater(text.count("\n"), 10)
        self.assertEqual(json.loads(re.sub(r"\x1b\[[0-9;]*m", "", text))["active_profile"], "gaming")


class Lists(Case):
    def test_list(self):
        self.play()
        self.expect("list", out="""\
   PROFILE   SCHEDULERS        DESCRIPTION
   balanced  eevdf             A bit of everything
●  gaming    latency → rusty!  The frame loop stays on time while the rest of the machine works
"!" marks schedulers that cannot run here: scxctl show NAME says why.
""")
        self.expect("list", "-q", env={"LC_ALL": "C"}, out="""\
   balanced  eevdf             A bit of everything
*  gaming    latency > rusty!  The frame loop stays on time while the rest of the machine works
""")

    def test_chosen_but_not_active(self):
        profiles = copy.deepcopy(PROFILES)
        profiles[1]["Active"] = False
        self.play(ListProfiles={"result": profiles})
        self.assertIn("\n○  gaming ", self.expect("list").stdout)

    def test_list_on_terminal(self):
        self.play()
        _, text = self.on_terminal("list", columns=60)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
        self.assertIn("●  gaming    latency → rusty!  The frame loop stays on time…\n", plain)

    def test_schedulers(self):
        self.play()
        self.expect("list", "--schedulers", out="""\
   SCHEDULER  KIND  KNOBS  DESCRIPTION
●  latency    bpf   2      Chains of tasks that must be on time
   rusty      bpf   0      cannot run here: needs time_travel, which this kernel does not have
""")

    def test_json(self):
        self.play()
        v = self.json("list")
        self.assertEqual([p["name"] for p in v], ["balanced", "gaming"])
        self.assertEqual(v[1]["stall_timeout_usec"], 5000000)
        self.assertEqual(v[1]["chain"][0], {"scheduler": "latency", "usable": True, "problem": "",
                                            "knobs": {"slice_us": "1000", "smt_aware": "no"}})
        self.assertEqual(v[0]["chain"], [])
        v = self.json("list", "--schedulers")
        self.assertEqual(v[0]["knobs"][0], {"name": "slice_us", "type": "u64", "unit": "us", "set": "live", "minimum": "100",
                                            "maximum": "20000", "default": "2000", "description": "Longest turn of a task"})
        self.assertEqual(v[1]["requires"], ["time_travel"])

    def test_none(self):
        self.play(ListProfiles={"result": []}, ListSchedulers={"result": []})
        self.expect("list", out="No profile is defined.\n")
        self.expect("list", "--schedulers", out="No scheduler is defined.\n")
        self.assertEqual(self.json("list"), [])

    def test_names_too_long_and_hostile(self):
        profiles = copy.deepcopy(PROFILES)
        profiles[0]["Name"] = "n" * 300
        profiles[1]["Name"] = "x\n● forged\x1b[31m"
        profiles[1]["Chain"][0]["Knobs"] = {"Knob\n": "\x1b", "A": "b"}
        self.play(ListProfiles={"result": profiles})
        out = self.expect("list").stdout
        self.assertIn("●  x\\n● forged\\x1b[31m ", out)
        _, text = self.on_terminal("list")
        self.assertLessEqual(max(len(line) for line in re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n")), 80)
        self.assertEqual(self.json("list")[1]["chain"][0]["knobs"], {"Knob\n": "\x1b", "A": "b"})
        # A line break within a field only leads to a further line of that field.
        self.assertIn("  1. latency  Knob\n               =\\x1b A=b\n", self.expect("show", profiles[1]["Name"]).stdout)

    def test_thousand_profiles(self):
        profiles = [{**PROFILES[0], "Name": f"p{i}"} for i in range(1000)]
        self.play(ListProfiles={"result": profiles})
        self.assertEqual(self.expect("list").stdout.count("\n"), 1001)
        self.assertEqual(len(self.json("list")), 1000)

    def test_show_profile(self):
        self.play({**active(), "Problems": ["/etc/scxd/profiles/gaming.yaml.d/x.yaml:1:1: bad", "/etc/scxd/profiles/other.yaml:1:1: bad"]})
        self.expect("show", "gaming", out="""\
● profile gaming
  Description: The frame loop stays on time while the rest of the machine works
         File: /etc/scxd/profiles/gaming.yaml
        State: active
Stall timeout: 5s
        Chain: the first that works runs, the others replace it in this order
                1. latency  slice_us=1000 smt_aware=no
                2. rusty
                   cannot run here: needs time_travel, which this kernel does not have
                3. eevdf    the kernel's own, always possible
     Problems: /etc/scxd/profiles/gaming.yaml.d/x.yaml:1:1: bad
""")
        v = self.json("show", "gaming")
        self.assertEqual(set(v), {"profile", "problems"})
        self.assertEqual(v["problems"], ["/etc/scxd/profiles/gaming.yaml.d/x.yaml:1:1: bad"])

    def test_show_scheduler(self):
        self.play()
        self.expect("show", "latency", out="""\
● scheduler latency
  Description: Chains of tasks that must be on time
         File: /usr/share/scxd/schedulers/latency.yaml
       Object: /usr/lib/scxd/schedulers/latency.bpf.o (bpf)
        State: running
        Needs: sched_ext
               dsq_insert_vtime
  KNOB       TYPE  UNIT  DEFAULT  MINIMUM  MAXIMUM  SET
  slice_us   u64   us    2000     100      20000    live
  smt_aware  bool        yes      no       yes      load
  slice_us: Longest turn of a task
""")
        self.assertIn("State: cannot run here: needs time_travel", self.expect("show", "rusty").stdout)
        self.assertEqual(set(self.json("show", "latency")), {"scheduler", "problems"})

    def test_show_both(self):
        self.play(ListProfiles={"result": [{**PROFILES[0], "Name": "latency"}]})
        out = self.expect("show", "latency").stdout
        self.assertTrue(out.startswith("profile latency\n"))
        self.assertIn("\n\n● scheduler latency\n", out)
        self.assertEqual(set(self.json("show", "latency")), {"profile", "scheduler", "problems"})

    def test_show_unknown(self):
        self.play({**active(), "Problems": ["/etc/scxd/profiles/bad.yaml:1:1: found x, expected y"]})
        self.expect("show", "gamign", code=FAILED, out="",
                    err="scxctl: no profile or scheduler is named 'gamign'; did you mean 'gaming'?\n")
        self.expect("show", "qqqqqq", code=FAILED, out="",
                    err="scxctl: no profile or scheduler is named 'qqqqqq' (scxctl list shows them)\n")
        self.expect("show", "bad", code=FAILED, out="", err="scxctl: 'bad' is defined, but its file is bad:\n"
                    "  /etc/scxd/profiles/bad.yaml:1:1: found x, expected y\n")


class Switch(Case):
    RESULT = {"profile": "gaming", "scheduler": "latency", "why": "root asked for gaming", "warnings": []}

    def test_switch(self):
        self.play(Switch={"result": self.RESULT})
        self.expect("switch", "gaming", out="gaming: scheduler latency is running\n")
        self.assertEqual(self.daemon.line(), "Switch gaming")
        self.expect("switch", "gaming", "-q", out="")
        self.assertEqual(self.json("switch", "gaming"), self.RESULT)

    def test_to_eevdf(self):
        self.play(Switch={"result": {**self.RESULT, "profile": "balanced", "scheduler": "eevdf"}})
        self.expect("switch", "balanced", out="balanced: the kernel's own EEVDF is running\n")

    def test_warnings(self):
        self.play(Switch={"result": {**self.RESULT, "warnings": ["rusty: needs time_travel", "lines\nof two\x1b"]}})
        for arguments in (["-q"], ["-j"], []):
            result = self.expect("switch", "gaming", *arguments, err="scxctl: warning: rusty: needs time_travel\n"
                                 "scxctl: warning: lines\n  of two\\x1b\n")
        self.assertEqual(result.stdout, "gaming: scheduler latency is running\n")

    def test_errors(self):
        for name in ("NotSupported", "Foreign", "Superseded", "TooManyRequests", "org.freedesktop.DBus.Error.AccessDenied",
                     "org.freedesktop.DBus.Error.InvalidArgs"):
            self.play(Switch=error(name, f"the words of {name}"))
            hint = "  --force ends it.\n" if name == "Foreign" else ""
            err = f"scxctl: cannot switch to gaming: the words of {name}\n"
            self.expect("switch", "gaming", code=FAILED, out="", err=err + hint)
            self.expect("switch", "gaming", "-j", "-q", code=FAILED, out="", err=err + hint)
            self.expect("switch", "gaming", "--force", code=FAILED, out="", err=err)

    def test_load_failed(self):
        self.play(Switch=error("LoadFailed", "none of its schedulers could be started\nlatency: the verifier refused it\n"
                               "  ; code line\nrusty: no such file\x1b[H"))
        self.expect("switch", "gaming", code=FAILED, out="", err="""\
scxctl: cannot switch to gaming: none of its schedulers could be started
  latency: the verifier refused it
    ; code line
  rusty: no such file\\x1b[H
""")

    def test_no_such_profile(self):
        self.play(Switch=error("NoSuchProfile", "no profile is named gamign"))
        self.expect("switch", "gamign", code=FAILED, out="", err="scxctl: cannot switch to gamign: no profile is named gamign\n"
                    "  Did you mean 'gaming'?\n")

    def test_error_without_words(self):
        self.play(Switch=error("Foreign", ""))
        self.expect("switch", "gaming", code=FAILED, out="", err=f"scxctl: cannot switch to gaming: {ERROR}Foreign\n  --force ends it.\n")

    def test_usage(self):
        self.play()
        self.expect("switch", code=USAGE, out="", err="scxctl: switch takes the name of a profile\n"
                    "  \"scxctl --help\" shows what there is.\nProfiles:\n  balanced\n  gaming\n")
        self.expect("switch", "a", "b", code=USAGE, out="", err=None)
        self.end_daemon()
        self.expect("switch", code=USAGE, out="", err="scxctl: switch takes the name of a profile\n"
                    "  \"scxctl --help\" shows what there is.\n")

    def test_vanishing(self):
        for arguments, method in ((["switch", "gaming"], "Switch"), (["stop"], "Stop"), (["list"], "ListProfiles")):
            self.play(**{method: "vanish"})
            result = self.expect(*arguments, code=UNREACHABLE, out="", err=None)
            self.assertRegex(result.stderr, r"^scxctl: [^\n]*: scxd, or the bus, went away before it answered\n$")

    def test_values_of_wrong_types(self):
        profiles = [{"Name": 5, "Description": True, "Chain": "none", "Active": "yes", "StallTimeoutUSec": 0},
                    {"Chain": [{"Scheduler": 7, "Knobs": "x"}, {}]}, {}]
        self.play({**active(), "LastExit": {"Time": "soon", "Kind": 5}}, ListProfiles={"result": profiles},
                  Switch={"result": {"warnings": 5, "scheduler": False}})
        for arguments in (["list"], ["switch", "gaming"], ["status"], ["list", "-j"], ["status", "-p", "last_exit"]):
            with self.subTest(arguments):
                self.expect(*arguments)

    def test_stop(self):
        self.play(Stop={"result": {"was": "latency", "why": "root asked to stop"}})
        self.expect("stop", out="Scheduler latency is stopped; the kernel's own EEVDF is running\n")
        self.expect("stop", "-q", out="")
        self.assertEqual(self.json("stop"), {"was": "latency", "why": "root asked to stop"})
        self.play(Stop={"result": {"was": "eevdf", "why": ""}})
        self.expect("stop", out="No scheduler was running; the kernel's own EEVDF is\n")
        self.play(Stop=error("Foreign", "scx_lavd was started by somebody else"))
        self.expect("stop", code=FAILED, out="", err="scxctl: cannot stop the scheduler: scx_lavd was started by somebody else\n")

    def test_reload(self):
        self.play(Reload={"result": {"profiles": 1, "schedulers": 3}})
        self.expect("reload", out="1 profile and 3 schedulers are defined now\n")
        self.expect("reload", "-q", out="")
        self.assertEqual(self.json("reload"), {"profiles": 1, "schedulers": 3})
        self.play(Reload=error("ReloadFailed", "a file is bad\n/etc/scxd/profiles/x.yaml:1:2: found a, expected b"))
        self.expect("reload", code=FAILED, out="", err="scxctl: cannot reload: a file is bad\n"
                    "  /etc/scxd/profiles/x.yaml:1:2: found a, expected b\n")


class Absent(Case):
    def test_daemon_absent(self):
        for arguments in ([], ["status", "-j"], ["list"], ["show", "x"], ["switch", "x"], ["stop"], ["reload"]):
            result = self.expect(*arguments, code=UNREACHABLE, out="", err=None)
            self.assertIn(": scxd is not running (", result.stderr)

    def test_bus_absent(self):
        for arguments in ([], ["list"], ["switch", "x"], ["monitor"]):
            result = self.expect(*arguments, code=UNREACHABLE, out="", err=None, env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"})
            self.assertEqual(result.stderr, "scxctl: cannot reach the system bus: No such file or directory\n")


class Usage(Case):
    def test_wrong_use(self):
        hint = "\n  \"scxctl --help\" shows what there is.\n"
        for arguments, words in (
                (["statsu"], "there is no command 'statsu'; did you mean 'status'?"),
                (["gaming"], "there is no command 'gaming'"),
                (["--jsn"], "there is no option '--jsn', or it takes no value"),
                (["-x"], "there is no option '-x', or it takes no value"),
                (["--json"], "option '--json' takes a value"),
                (["--json=yes"], "--json takes pretty, short or off, found 'yes'"),
                (["-p"], "option '-p' takes a value"),
                (["-p", ","], "--property takes the name of a property"),
                (["list", "-p", "x"], "list takes neither --property nor --value, only status does"),
                (["status", "--schedulers"], "status takes no --schedulers, only list does"),
                (["status", "--object-dir=/"], "status takes neither --config-dir nor --object-dir, only check does"),
                (["help", "-j"], "help takes no --json"),
                (["status", "x"], "status takes no argument, found 'x' (scxctl show NAME shows a profile)"),
                (["list", "x"], "list takes no argument, found 'x' (scxctl show NAME shows a single one)"),
                (["stop", "x"], "stop takes no argument, found 'x'"),
                (["reload", "x"], "reload takes no argument, found 'x'"),
                (["monitor", "x"], "monitor takes no argument, found 'x'"),
                (["show"], "show takes the name of one profile or scheduler"),
                (["help", "statsu"], "there is no command 'statsu'; did you mean 'status'?"),
                (["x\x1b[31m"], "there is no command 'x\\x1b[31m'")):
            with self.subTest(arguments):
                self.expect(*arguments, code=USAGE, out="", err="scxctl: " + words + hint)

    def test_help(self):
        general = self.expect("--help").stdout
        for arguments in (["-h"], ["help"]):
            self.expect(*arguments, out=general)
        verbs = re.findall(r"^  ([a-z][a-z-]+) ", general, re.MULTILINE)
        self.assertEqual(verbs, ["status", "list", "show", "switch", "stop", "reload", "monitor", "check", "why", "history",
                                 "reset-failed", "help"])
        texts = {verb: self.expect(verb, "--help").stdout for verb in verbs}
        self.assertEqual(len(set(texts.values())), len(verbs))
        for verb, text in texts.items():
            self.assertIn(verb, text.split("\n")[0])
            self.expect("help", verb, out=text)
            self.assertLessEqual(max(map(len, text.split("\n"))), 80)
        self.assertLessEqual(max(map(len, general.split("\n"))), 80)

    def test_version(self):
        self.assertRegex(self.expect("--version").stdout, r"^scxctl [0-9.]+\n$")

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([SCXCTL, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        self.assertEqual(result.returncode, FAILED)
        self.assertEqual(result.stderr, "scxctl: cannot write the output: No space left on device\n")


class Monitor(Case):
    def monitor(self, *arguments):
        return self.bus.start([SCXCTL, "monitor", *arguments])

    def line(self, program):
        """A line of text without its time."""
        text = program.line()
        self.assertRegex(text, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ")
        return text[21:]

    def stop_monitor(self, program, number=signal.SIGTERM):
        program.signal(number)
        self.assertEqual(program.wait(), DONE)
        self.bus.programs.remove(program)
        program.end()

    def test_changes(self):
        self.play(eevdf())
        m = self.monitor()
        self.assertEqual(self.line(m), "the kernel's own EEVDF is running (no profile has been chosen)")
        self.daemon.say('set {"Activity": "switching"}')
        self.assertEqual(self.line(m), "scxd is switching")
        new = {k: active()[k] for k in ("ActiveProfile", "ActiveScheduler", "Origin", "KernelState", "KernelOps", "Since",
                                        "SinceMonotonic", "Why", "NextIfFailed")}
        self.daemon.say("set " + json.dumps(new))
        lines = {self.line(m) for _ in range(3)}
        self.assertEqual(lines, {"gaming: scheduler latency is running (root asked for gaming)", "sched_ext is enabled",
                                 "if it fails, interactive takes over"})
        self.daemon.say('set {"Activity": "idle"}')
        self.assertEqual(self.line(m), "scxd is idle")
        self.daemon.say('set {"Activity": "idle"}')
        self.assertTrue(m.no_line())
        self.daemon.say('set {"Problems": ["a", "b"]}')
        self.assertEqual(self.line(m), "2 problems in the files of profiles and schedulers")
        self.stop_monitor(m, signal.SIGINT)

    def test_ejected(self):
        self.play()
        m = self.monitor()
        self.line(m)
        self.daemon.say("eject " + json.dumps(STALL))
        expected = ("latency was ejected because tasks did not get to run: runnable task stall [stall]\\n"
                    "kworker/1:2[123] failed to run for 5.060s; then: started interactive instead")
        self.assertEqual(self.line(m), expected)
        self.daemon.say("set " + json.dumps({"LastExit": STALL}))
        self.assertTrue(m.no_line())
        self.daemon.say("set " + json.dumps({"LastExit": {**STALL, "Outcome": "interactive failed too"}}))
        self.assertEqual(self.line(m), "after the end of latency: interactive failed too")
        self.daemon.say("set " + json.dumps({"LastExit": {**STALL, "Kind": "load-failed", "Outcome": ""}}))
        self.assertIn("latency could not be started: runnable task stall [load-failed]", self.line(m))
        self.stop_monitor(m)

    def test_daemon_comes_and_goes(self):
        self.play()
        m = self.monitor()
        self.line(m)
        self.daemon.say("leave")
        self.assertEqual(self.line(m), "scxd is gone")
        self.daemon.say("enter")
        self.assertEqual(self.line(m), "scxd is here")
        self.assertIn("gaming: scheduler latency", self.line(m))
        self.end_daemon()
        self.assertEqual(self.line(m), "scxd is gone")
        self.play(eevdf())
        self.assertEqual(self.line(m), "scxd is here")
        self.assertIn("EEVDF is running", self.line(m))
        self.stop_monitor(m)

    def test_absent_at_first(self):
        m = self.monitor()
        self.assertEqual(self.line(m), "scxd is not running; waiting for it")
        self.play()
        self.assertEqual(self.line(m), "scxd is here")
        self.assertIn("gaming: ", self.line(m))
        self.stop_monitor(m)

    def test_json(self):
        self.play()
        m = self.monitor("--json=pretty")

        def event():
            v = json.loads(m.line())
            self.assertLess(abs(v.pop("time") / 1e6 - time.time()), 60)
            return v
        v = event()
        self.assertEqual((v["event"], v["properties"]["active_scheduler"]), ("state", "latency"))
        self.daemon.say('set {"Activity": "switching"}')
        self.assertEqual(event(), {"event": "changed", "properties": {"activity": "switching"}})
        self.daemon.say("eject " + json.dumps(STALL))
        v = event()
        self.assertEqual((v["event"], v["exit"]["kernel_kind"]), ("ejected", 1026))
        self.end_daemon()
        self.assertEqual(event(), {"event": "gone"})
        self.play()
        self.assertEqual(event()["event"], "state")
        self.stop_monitor(m)

    def test_hostile(self):
        self.play({**active(), "ActiveProfile": "a\nb\x1b[2J"})
        m = self.monitor()
        self.assertIn("a\\nb\\x1b[2J: scheduler latency", self.line(m))
        self.stop_monitor(m)

    def test_bus_goes(self):
        with PrivateBus() as bus:
            m = bus.start([SCXCTL, "monitor"], stderr=subprocess.PIPE)
            m.line()
            bus.daemon.end()
            self.assertEqual(m.wait(), UNREACHABLE)
            self.assertEqual(m.process.stderr.read(), b"scxctl: the system bus is gone\n")

    def test_nobody_reads(self):
        self.play()
        with open("/dev/full", "wb") as full:
            process = subprocess.Popen([SCXCTL, "monitor"], env=self.bus.environment(), stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(process.wait(PATIENCE), FAILED)
            self.assertIn(b"cannot write the output", process.stderr.read())
            process.stderr.close()


def entry(number, event, **more):
    return {"Id": number, "Event": event, "Scheduler": "latency", "Profile": "gaming", "Time": SINCE + number * 1000000, "Started": 0, "Why": "",
            "Kind": "", "KernelKind": 0, "Code": 0, "Reason": "", "Message": "", "Outcome": "", "HasDump": False, **more}


ENDED = entry(2, "ended", Started=SINCE, Kind="stall", KernelKind=1026, Reason="runnable task stall", Message="cc1[7] failed\x1b to run\nmore",
              Outcome="simple took over", HasDump=True)


class History(Case):
    def test_list(self):
        self.play(History={"result": [entry(1, "started", Why="root asked for gaming"), ENDED,
                                      entry(3, "quarantined", Kind="stall", Why="was ejected")]})
        self.expect("history", out="""\
N  TIME                         EVENT        SCHEDULER  PROFILE  KIND   WHY
1  Sat 2026-11-21 10:11:13 UTC  started      latency    gaming          root asked for gaming
2  Sat 2026-11-21 10:11:14 UTC  ended        latency    gaming   stall  runnable task stall: cc1[7] failed\\x1b to run
3  Sat 2026-11-21 10:11:15 UTC  quarantined  latency    gaming          it failed too often: it was ejected
""")
        self.assertEqual(self.daemon.line(), "History 20")
        self.expect("history", "-n", "7", "-q", out=None)
        self.assertEqual(self.daemon.line(), "History 7")
        v = self.json("history")
        self.assertEqual([e["id"] for e in v], [1, 2, 3])
        self.assertIs(v[1]["has_dump"], True)
        self.assertEqual(v[1]["message"], ENDED["Message"])
        self.play(History={"result": []})
        self.expect("history", out="Nothing has happened yet.\n")

    def test_show(self):
        self.play(HistoryEntry={"result": {**ENDED, "Dump": "line one\n  line two\n"}})
        result = self.expect("history", "show", "2", out=None)
        self.assertRegex(result.stdout, r"""(?x)\A2:\ latency\ ended\n
            \ +Time:\ Sat\ 2026-11-21\ 10:11:14\ UTC,\ .*\n
            \ +Profile:\ gaming\n
            \ +What:\ was\ ejected\ because\ tasks\ did\ not\ get\ to\ run\ \[stall\]\n
            \ +Reason:\ runnable\ task\ stall\n
            \ +Message:\ cc1\[7\]\ failed\\x1b\ to\ run\n\ +more\n
            \ +Kernel:\ exit\ kind\ 1026,\ code\ 0\n
            \ +Before:\ ran\ for\ 2s\n
            \ +Then:\ simple\ took\ over\n
            \ +Dump:\ the\ kernel's:\n
            line\ one\n\ \ line\ two\n\Z""")
        self.assertEqual(self.daemon.line(), "HistoryEntry 2")
        self.assertEqual(self.json("history", "show", "2")["dump"], "line one\n  line two\n")
        self.play(HistoryEntry={"result": ENDED})
        self.assertIn("is lost", self.expect("history", "show", "2", out=None).stdout)
        self.play(HistoryEntry=error("NoSuchEntry", "The history has no entry 9."))
        self.expect("history", "show", "9", code=FAILED, out="", err="scxctl: cannot show entry 9: The history has no entry 9.\n")

    def test_usage(self):
        self.play()
        hint = "\n  \"scxctl --help\" shows what there is.\n"
        for arguments, words in ((["history", "x"], "history takes \"show NUMBER\" or nothing, found 'x'"),
                                 (["history", "show"], "history show takes the number of an entry"),
                                 (["history", "show", "x"], "history show takes the number of an entry, found 'x'"),
                                 (["history", "show", "1", "2"], "history show takes one number, found '2' behind it"),
                                 (["history", "show", "1", "-n", "2"], "history show takes no -n"),
                                 (["history", "-n", "0"], "-n takes a number from 1, found '0'"),
                                 (["status", "-n", "5"], "status takes no -n, only history does"),
                                 (["why", "x"], "why takes no argument, found 'x'"),
                                 (["reset-failed", "a", "b"], "reset-failed takes the name of one scheduler, found 'b' behind it")):
            with self.subTest(arguments):
                self.expect(*arguments, code=USAGE, out="", err="scxctl: " + words + hint)

    def test_why(self):
        def step(kind, scheduler, state, text, retry=0):
            return {"Step": kind, "Scheduler": scheduler, "State": state, "Text": text, "Retry": retry}
        steps = [step("wish", "", "", "root asked for profile gaming"), step("candidate", "a", "quarantined", "a is in quarantine"),
                 step("candidate", "b", "waiting", "b was ejected", int((time.time() + 1000) * 1e6)),
                 step("candidate", "c", "waiting", "c was ejected", 1), step("candidate", "d", "runs", "d runs"), step("result", "d", "", "So d runs")]
        self.play(Explain={"result": steps})
        out = self.expect("why", out=None).stdout
        self.assertRegex(out, r"""\Aroot asked for profile gaming\.
  - a is in quarantine
 *scxctl reset-failed a lifts that
  - b was ejected; it is tried again in 16min [0-9]+s
  - c was ejected; it is about to be tried again
  - d runs
So d runs\.
\Z""")
        self.assertEqual([s["state"] for s in self.json("why")], [s["State"] for s in steps])

    def test_reset_failed(self):
        self.play(ResetFailed={"result": {"lifted": ["a", "b"]}})
        self.expect("reset-failed", out="a is out of quarantine\nb is out of quarantine\n")
        self.assertEqual(self.daemon.line(), "ResetFailed")
        self.expect("reset-failed", "a", "-q", out="")
        self.assertEqual(self.daemon.line(), "ResetFailed a")
        self.assertEqual(self.json("reset-failed"), {"lifted": ["a", "b"]})
        self.play(ResetFailed={"result": {"lifted": []}})
        self.expect("reset-failed", out="Nothing was in quarantine; what failed is forgotten\n")
        self.play(ResetFailed=error("NoSuchScheduler", "No scheduler x is defined."))
        self.expect("reset-failed", "x", code=FAILED, out="", err="scxctl: cannot reset: No scheduler x is defined.\n")


class Completion(Case):
    def complete(self, *words):
        """What bash offers for the last of these words."""
        script = ('compopt() { :; }; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _scxctl; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        path = f"{pathlib.Path(SCXCTL).parent}:{os.environ['PATH']}"
        result = self.bus.run(["bash", "-c", script, "bash", SOURCE_DIR / "completion" / "bash" / "scxctl", "scxctl", *words],
                              env={"PATH": path})
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout.split()

    def test_words(self):
        self.play()
        self.assertEqual(self.complete("s"), ["status", "show", "switch", "stop"])
        self.assertEqual(self.complete("switch", ""), ["balanced", "gaming"])
        self.assertEqual(self.complete("-q", "switch", "g"), ["gaming"])
        self.assertEqual(self.complete("show", ""), ["balanced", "gaming", "latency", "rusty"])
        self.assertEqual(self.complete("list", "--s"), ["--schedulers"])
        self.assertEqual(self.complete("status", "--json", "=", "p"), ["pretty"])
        self.assertEqual(self.complete("status", "--json", "="), ["pretty", "short", "off"])
        self.assertEqual(self.complete("-p", "active_"), ["active_profile", "active_scheduler"])
        self.assertEqual(self.complete("help", "re"), ["reload", "reset-failed"])

    def test_options_are_those_of_the_help(self):
        offered = set(self.complete("--")) | set(self.complete("list", "--")) | set(self.complete("check", "--")) | set(self.complete("switch", "--"))
        texts = "".join(self.expect(verb, "--help").stdout for verb in ["--help", "status", "list", "check", "switch"])
        self.assertEqual({o.rstrip("=") for o in offered},
                         set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", texts, re.MULTILINE)) | {"--no-ask-password"})

    def test_without_daemon(self):
        self.assertEqual(self.complete("switch", ""), [])


OBJECT = """
struct sched_ext_ops { char name[128]; };
const volatile unsigned long long slice_us = 2000;
unsigned int live = 1;
char gpl[] __attribute__((section("license"), used)) = "GPL";
struct sched_ext_ops ops __attribute__((section(".struct_ops.link"), used)) = { .name = "test" };
unsigned long long use(void) { return slice_us + live; }
"""
MANIFEST = """name: {name}
kind: bpf
object: {object}
description: For the test
knobs:
  slice_us: {{type: u64, min: 100, max: 20000, default: 2000, set: load}}
"""
PROFILE = """name: {name}
description: For the test
schedulers:
  - good: {{slice_us: {slice}}}
"""


class Check(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.base = tempfile.TemporaryDirectory(prefix="scxctl-test-")
        cls.addClassCleanup(cls.base.cleanup)
        cls.object = pathlib.Path(cls.base.name) / "good.bpf.o"
        source = pathlib.Path(cls.base.name) / "good.bpf.c"
        source.write_text(OBJECT)
        subprocess.run([os.environ["CLANG"], "-target", "bpf", "-g", "-O2", "-c", source, "-o", cls.object], check=True)

    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory(prefix="scxctl-test-")
        self.addCleanup(directory.cleanup)
        self.top = pathlib.Path(directory.name)
        self.installed = self.top / "installed"
        (self.installed / "profiles").mkdir(parents=True)
        (self.installed / "schedulers").mkdir()
        self.objects = self.top / "objects"
        self.objects.mkdir()
        (self.objects / "good.bpf.o").write_bytes(self.object.read_bytes())

    def write(self, path, text):
        path = self.top / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def manifest(self, path="installed/schedulers/good.yaml", name="good", object="good.bpf.o", text=MANIFEST):
        return self.write(path, text.format(name=name, object=object))

    def profile(self, path="installed/profiles/p.yaml", name="p", slice=1000, text=PROFILE):
        return self.write(path, text.format(name=name, slice=slice))

    def check(self, *arguments, objects=True, **expected):
        options = [f"--config-dir={self.installed}"] + ([f"--object-dir={self.objects}"] if objects else [])
        tmp = self.top / "tmp"
        tmp.mkdir(exist_ok=True)
        result = self.expect("check", *options, *arguments, env={"TMPDIR": str(tmp), "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"},
                             **expected)
        self.assertEqual(list(tmp.iterdir()), [])
        return result

    def test_installed(self):
        self.manifest()
        self.profile()
        self.check(out="1 profile and 1 scheduler checked, no problem\n")
        self.check("-q", out="")

    def test_installed_with_problems(self):
        self.manifest()
        path = self.profile(slice=50)
        result = self.check(code=FAILED, err="scxctl: 1 problem\n")
        self.assertRegex(result.stdout, rf"^{re.escape(path)}:4:\d+: found [^\n]*50[^\n]*\n$")
        self.check("-q", code=FAILED, out=result.stdout, err="")
        v = json.loads(self.check("--json=short", code=FAILED, err="").stdout)
        self.assertEqual([(p["file"], p["line"]) for p in v["problems"]], [(path, 4)])
        self.assertEqual((v["problems_dropped"], v["profiles"], v["schedulers"]), (0, 0, 1))

    def test_profile_file(self):
        self.manifest()
        good = self.profile("new/q.yaml", "q")
        self.check(good, out="1 file checked, no problem\n")
        bad = self.profile("new/q.yaml", "q", slice=99999)
        result = self.check(bad, code=FAILED, err=None)
        self.assertRegex(result.stdout, rf"^{re.escape(bad)}:4:\d+: ")

    def test_unrelated_problems_are_not_told(self):
        self.manifest()
        self.profile("installed/profiles/other.yaml", "other", slice=1)
        self.check(self.profile("new/q.yaml", "q"), out="1 file checked, no problem\n")

    def test_breaking_others_is_told(self):
        self.manifest()
        other = self.profile("installed/profiles/other.yaml", "other", slice=1000)
        new = self.manifest("new/good.yaml", text=MANIFEST.replace("max: 20000", "max: 900").replace("default: 2000", "default: 500"))
        result = self.check(new, code=FAILED, err=None)
        self.assertIn(other + ":4:", result.stdout)

    def test_manifest_against_object(self):
        wrong = self.manifest("new/schedulers/good.yaml", text=MANIFEST.replace("u64", "u32"))
        result = self.check(wrong, code=FAILED, err=None)
        self.assertRegex(result.stdout, rf"^{re.escape(wrong)}:6:\d+: ")
        missing = self.manifest("new/schedulers/good.yaml", text=MANIFEST.replace("slice_us", "slise_us"))
        self.assertIn("slise_us", self.check(missing, code=FAILED, err=None).stdout)

    def test_object_beside_the_manifest(self):
        new = self.manifest("new/good.yaml")
        result = self.check(new, objects=False, code=FAILED, err=None)
        self.assertIn("good.bpf.o", result.stdout)
        (self.top / "new" / "good.bpf.o").write_bytes(self.object.read_bytes())
        self.check(new, objects=False, out="1 file checked, no problem\n")

    def test_bad_object(self):
        new = self.manifest("new/good.yaml")
        (self.top / "new" / "good.bpf.o").write_text("not an object")
        result = self.check(new, objects=False, code=FAILED, err=None)
        self.assertIn(f"object {self.top}/new/good.bpf.o: ", result.stdout)

    def test_files_see_each_other(self):
        manifest = self.manifest("new/schedulers/good.yaml")
        profile = self.profile("new/profiles/p.yaml")
        self.check(manifest, profile, out="2 files checked, no problem\n")
        result = self.check(profile, code=FAILED, err=None)
        self.assertIn("'good'", result.stdout)

    def test_kind_by_directory_or_keys(self):
        self.manifest()
        self.check(self.manifest("src/schedulers/good/good.yaml"), out="1 file checked, no problem\n")
        profile_in_schedulers = self.profile("x/schedulers/p.yaml")
        self.check(profile_in_schedulers, code=FAILED, err=None)
        unclear = self.write("x/u.yaml", "name: u\ndescription: nothing else\n")
        result = self.check(unclear, code=FAILED, err=None)
        self.assertEqual(result.stdout, f"{unclear}: found no telling keys, expected those of a profile (schedulers) or of a scheduler "
                         "(kind, object)\n")
        flow = self.write("x/f.yaml", "{name: f, description: d, schedulers: []}\n")
        self.check(flow, out="1 file checked, no problem\n")

    def test_drop_in(self):
        self.manifest()
        self.profile()
        good = self.write("new/schedulers/good.yaml.d/50.yaml", "knobs:\n  slice_us: {max: 5000}\n")
        self.check(good, out="1 file checked, no problem\n")
        bad = self.write("new/schedulers/good.yaml.d/50.yaml", "knobs:\n  slice_us: {max: 50}\n")
        self.assertIn(bad + ":2:", self.check(bad, code=FAILED, err=None).stdout)

    def test_bad_files(self):
        self.manifest()
        broken = self.write("x/b.yaml", "name: [\n")
        for path, words in ((broken, "x/b.yaml:"), (str(self.top / "absent.yaml"), "cannot be read: No such file or directory"),
                            (self.write("x/p.txt", "name: p"), "found file name 'p.txt', expected one that ends in .yaml"),
                            (self.write("x/.p.yaml", "name: p"), "found file name '.p.yaml'"),
                            (self.write("x/big.yaml", "x" * 300000), "too large")):
            with self.subTest(path):
                result = self.check(path, code=FAILED, err=None)
                self.assertIn(words, result.stdout)
                self.assertNotIn("scxctl-check-", result.stdout)
        os.mkfifo(self.top / "x" / "pipe.yaml")
        self.assertIn("something that is no file", self.check(str(self.top / "x" / "pipe.yaml"), code=FAILED, err=None).stdout)

    def test_same_name_twice(self):
        a, b = self.profile("a/profiles/p.yaml"), self.profile("b/profiles/p.yaml")
        self.manifest()
        self.assertIn("found a second file named 'p.yaml'", self.check(a, b, code=FAILED, err=None).stdout)

    def test_relative_and_linked(self):
        self.manifest()
        self.profile("x/q.yaml", "q", slice=1)
        link = self.top / "installed" / "profiles" / "q.yaml"
        link.symlink_to(self.top / "x" / "q.yaml")
        result = self.bus.run([SCXCTL, "check", "--config-dir", self.installed, "--object-dir", self.objects, "x/q.yaml"], cwd=self.top)
        self.assertEqual(result.returncode, FAILED)
        self.assertRegex(result.stdout, r"^x/q.yaml:4:\d+: [^\n]*\n$")

    def test_no_such_config_dir(self):
        self.expect("check", "--config-dir=/nonexistent", code=FAILED, out="", err="scxctl: '/nonexistent' is no directory\n")


if __name__ == "__main__":
    unittest.main()
