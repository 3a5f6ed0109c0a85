# SPDX-License-Identifier: GPL-2.0-only
"""The daemon and its files: the catalog from nothing to a thousand profiles, good and bad; the state file in any condition."""

import os
import unittest

from daemon import ERROR, OBJECT, Daemon, error_of


class Catalog(unittest.TestCase):
    def names(self, c):
        return [p["Name"][1] for p in c.manager("ListProfiles")[0]]

    def test_nothing(self):
        with Daemon() as d:
            for f in ("profiles", "schedulers"):
                (d.config / f).rmdir()
            d.config.rmdir()
            c = d.start().connect()
            self.assertEqual(c.manager("ListProfiles")[0], [])
            self.assertEqual(c.manager("ListSchedulers")[0], [])
            self.assertEqual(c.get("Problems"), [])
            self.assertEqual(c.manager("Reload", "a{sv}", {})[0], {"profiles": ("u", 0), "schedulers": ("u", 0)})

    def test_one(self):
        with Daemon() as d:
            d.scheduler("one")
            d.profile("only", "one")
            self.assertEqual(self.names(d.start().connect()), ["only"])

    def test_thousand(self):
        with Daemon() as d:
            d.scheduler("one")
            for i in range(1000):
                d.profile(f"p{i:04}", f"one: {{slice_us: {1000 + i}}}")
            c = d.start().connect()
            self.assertEqual(self.names(c), [f"p{i:04}" for i in range(1000)])
            self.assertEqual(c.manager("Reload", "a{sv}", {})[0]["profiles"], ("u", 1000))

    def test_bad_at_start(self):
        with Daemon() as d:
            d.scheduler("one")
            d.scheduler("lost", object="/nonexistent/x.bpf.o")
            d.scheduler("text", text="- a list\n")
            d.profile("good", "one")
            d.profile("chain", "lost", "text", "one")
            d.profile("range", "one: {slice_us: 5}")
            d.profile("knob", "one: {slice: 5000}")
            d.profile("unknown", "nobody")
            d.profile("yaml", text="name: yaml\nschedulers: [\n")
            d.profile("binary", text="\0\1\2")
            d.profile("other", text="name: another\ndescription: Test\nschedulers: []\n")
            c = d.start().connect()
            self.assertEqual(self.names(c), ["chain", "good"])
            problems = c.get("Problems")
            for name in ("range.yaml:4:", "knob.yaml:4:", "unknown.yaml:4:", "yaml.yaml:", "binary.yaml", "other.yaml:1:", "lost.yaml:3:",
                         "text.yaml:1:"):
                self.assertTrue(any(name in p for p in problems), f"{name}: {problems}")
            for name in ("good.yaml", "chain.yaml"):
                self.assertFalse(any(name in p for p in problems), f"{name}: {problems}")
            error, _ = error_of(self, c, "Switch", "sa{sv}", "range", {})
            self.assertEqual(error, ERROR + "NoSuchProfile")

    def test_bad_at_reload(self):
        with Daemon() as d:
            d.scheduler("one")
            d.profile("good", "one")
            c = d.start().connect()
            bad = d.profile("bad", "nobody")
            d.profile("new", "one")
            error, message = error_of(self, c, "Reload", "a{sv}", {})
            self.assertEqual(error, ERROR + "ReloadFailed")
            self.assertRegex(message, r"bad\.yaml:4:\d+: .*nobody")
            self.assertEqual(self.names(c), ["good"])
            self.assertEqual(c.get("Problems"), [])
            bad.unlink()
            self.assertEqual(c.manager("Reload", "a{sv}", {})[0]["profiles"], ("u", 2))
            self.assertEqual(self.names(c), ["good", "new"])

    def test_strange_files(self):
        """What is no file to read, and what has no name of a profile, must not make it hang or die."""
        with Daemon() as d:
            d.profile("plain")
            os.mkfifo(d.config / "profiles/fifo.yaml")
            (d.config / "profiles/directory.yaml").mkdir()
            (d.config / "profiles/loop.yaml").symlink_to("loop.yaml")
            (d.config / "profiles/null.yaml").symlink_to("/dev/null")
            (d.config / "profiles/zero.yaml").symlink_to("/dev/zero")
            (d.config / "profiles/README").write_text("not mine")
            (d.config / "profiles/.hidden.yaml").write_text("[")
            (d.config / "profiles/huge.yaml").write_text("#" * (1 << 20))
            (d.config / "profiles/empty.yaml").write_text("")
            c = d.start().connect()
            self.assertEqual(self.names(c), ["plain"])
            problems = c.get("Problems")
            for name in ("fifo.yaml", "directory.yaml", "loop.yaml", "zero.yaml", "huge.yaml"):
                self.assertTrue(any(name in p for p in problems), f"{name}: {problems}")
            for name in ("null.yaml", "empty.yaml", "README", ".hidden"):
                self.assertFalse(any(name in p for p in problems), f"{name}: {problems}")

    def test_masked(self):
        """Masking is no mistake: no problem, and nothing in the log that looks like one."""
        with Daemon() as d:
            d.scheduler("one")
            d.scheduler("masked", text="")
            (d.config / "schedulers/gone.yaml").symlink_to("/dev/null")
            d.profile("chain", "masked", "one")
            c = d.start().connect()
            self.assertEqual(self.names(c), ["chain"])
            self.assertEqual(c.get("Problems"), [])
            chain = c.manager("ListProfiles")[0][0]["Chain"][1]
            self.assertEqual([l["Usable"][1] for l in chain], [False, True])
            self.assertIn("masked", chain[0]["Problem"][1])
            log = d.messages()
            for word in ("not a request", "failed", "Bad message", "died"):
                self.assertNotIn(word, log)

    def test_strange_objects(self):
        """What an object may be instead of one: each costs its own scheduler only."""
        with Daemon() as d:
            (d.objects / "empty.bpf.o").write_bytes(b"")
            (d.objects / "text.bpf.o").write_text("not an object")
            (d.objects / "half.bpf.o").write_bytes(OBJECT.read_bytes()[:5000])
            os.mkfifo(d.objects / "fifo.bpf.o")
            (d.objects / "directory.bpf.o").mkdir()
            (d.objects / "zero.bpf.o").symlink_to("/dev/zero")
            names = ["empty", "text", "half", "fifo", "directory", "zero"]
            for n in names:
                d.scheduler(n, object=f"{n}.bpf.o")
            d.scheduler("one")
            c = d.start().connect()
            usable = {s["Name"][1]: (s["Usable"][1], s["Problem"][1]) for s in c.manager("ListSchedulers")[0]}
            self.assertEqual(usable.pop("one"), (True, ""))
            self.assertEqual(set(usable), set(names))
            for n, (ok, problem) in usable.items():
                self.assertFalse(ok, n)
                self.assertTrue(problem, n)


class State(unittest.TestCase):
    def restored(self, content, **more):
        """Starts with this state file and returns (profile, why, log, the files that are in the state directory)."""
        with Daemon() as d:
            d.profile("plain")
            if content is not None:
                (d.state / "state.json").write_bytes(content)
            for f, do in more.items():
                do(d)
            c = d.start().connect()
            c.manager("ListProfiles")
            return c.get("ActiveProfile"), c.get("Why"), d.messages(), sorted(os.listdir(d.state))

    def test_good(self):
        for content, profile in ((None, ""), (b"{}", ""), (b'{"version":1,"choice":"plain","stopped":"none"}\n', "plain"),
                                 (b'{"choice":"plain"}', "plain"), (b'{"choice":null}', ""), (b'{"choice":"plain","more":[1]}', "plain"),
                                 (b'{"choice":"plain","stopped":"sysrq"}', "")):
            active, why, log, files = self.restored(content)
            self.assertEqual(active, profile, content)
            self.assertTrue(why)
            self.assertNotIn("cannot be read", log)
            self.assertNotIn("state.json.corrupt", files)

    def test_gone_profile(self):
        active, why, log, files = self.restored(b'{"choice":"gone","stopped":"none"}')
        self.assertEqual(active, "")
        self.assertIn("gone", why)
        self.assertIn("no longer defined", why)

    def test_corrupt(self):
        """Set aside, reported, and the defaults apply."""
        for content in (b"", b"nonsense", b'{"choice":', b"[]", b'{"choice":7}', b'{"choice":"../../x"}', b'{"stopped":"never"}',
                        b'{"stopped":3}', b"\0" * 100, b"\xff\xfe", b'{"choice":"plain"}' + b" " * 100000, b"[" * 3000):
            active, why, log, files = self.restored(content)
            self.assertEqual(active, "", content[:40])
            self.assertIn("corrupt", log, content[:40])
            self.assertIn("state.json.corrupt", files, content[:40])

    def test_no_regular_file(self):
        def directory(d):
            (d.state / "state.json").mkdir()

        def link(d):
            (d.state / "state.json").symlink_to("/etc/passwd")

        def fifo(d):
            os.mkfifo(d.state / "state.json")
        for do in (directory, link, fifo):
            active, why, log, files = self.restored(None, do=do)
            self.assertEqual(active, "")
            self.assertIn("cannot be read", log, do.__name__)

    def test_unwritable(self):
        """The switch is done all the same, and the log says that it will not last."""
        with Daemon() as d:
            d.profile("plain")
            d.state.rmdir()
            c = d.start().connect()
            c.manager("Switch", "sa{sv}", "plain", {})
            self.assertEqual(c.get("ActiveProfile"), "plain")
            self.assertIn("cannot be saved", d.messages())


if __name__ == "__main__":
    unittest.main()
