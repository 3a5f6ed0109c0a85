# SPDX-License-Identifier: GPL-2.0-only
"""The real daemon on a private bus, with a kernel directory, configuration, state and loader of its own."""

import os
import pathlib
import signal
import sys
import time

from fixture import PATIENCE, PrivateBus, wait_until

SOURCE_DIR = pathlib.Path(os.environ["SOURCE_DIR"])
BUILD_DIR = pathlib.Path(os.environ["BUILD_DIR"])
SCXD = BUILD_DIR / "scxd/scxd"
LOADER = BUILD_DIR / "scxd/scxd-loader"
OBJECT = next((BUILD_DIR / "schedulers").glob("**/simple.bpf.o"))

sys.path.insert(0, str(SOURCE_DIR / "tests/vm"))
import wire  # noqa: E402

NAME = wire.NAME
ERROR = NAME + ".Error."
DENIED = "org.freedesktop.DBus.Error.AccessDenied"
INVALID = "org.freedesktop.DBus.Error.InvalidArgs"

# In place of scxd-loader: does what the file beside it says. Python under a sanitizer is not what is tested here.
FAKE_LOADER = """#!/bin/sh
case $(cat "$0.mode") in
real) exec {loader} ;;
hang) exec sleep 1000 ;;
crash) kill -SEGV $$ ;;
fail) exit 1 ;;
rubbish) exec python3 -c 'import socket; s = socket.socket(fileno=3); s.recv(1 << 20); s.send(b"rubbish")' ;;
esac
"""

SIMPLE = """name: {name}
kind: bpf
object: {object}
description: Test
knobs:
  slice_us: {{type: u64, unit: us, min: 100, max: 100000, default: 5000, set: live, description: Test}}
"""


class Daemon:
    """With its surroundings; a context manager. Use .bus for the private bus and .connect() for connections to it."""

    def __init__(self, state="disabled"):
        """state: of the kernel's sched_ext; None: it has none."""
        self.bus = PrivateBus()
        self.program = None
        self.connections = []
        root = self.root = self.bus.directory
        self.config, self.state, self.objects, self.sysfs = root / "config", root / "state", root / "objects", root / "sys"
        for d in (self.config / "profiles", self.config / "schedulers", self.state, self.objects, self.sysfs):
            d.mkdir(parents=True)
        self.kernel(state)
        self.loader = root / "loader"
        self.loader.write_text(FAKE_LOADER.format(loader=LOADER))
        self.loader.chmod(0o755)
        self.loader_mode("real")
        self.env = {"SCXD_SYSFS": self.sysfs, "SCXD_CONFIG_DIR": self.config, "SCXD_OBJECT_DIR": self.objects,
                    "SCXD_LOADER": self.loader, "STATE_DIRECTORY": self.state, "SCXD_LOG_LEVEL": "debug"}
        self.log = root / "log"

    def __enter__(self):
        return self

    def __exit__(self, kind, *ignored):
        for c in self.connections:
            c.close()
        try:
            if self.program and self.program.process.poll() is None:
                self.program.process.send_signal(signal.SIGTERM)
                status = self.program.wait()
                if kind is None and status != 0:
                    raise AssertionError(f"scxd ended with {status}: {self.messages()}")
            if kind is not None:
                print(self.messages(), file=sys.stderr)
        finally:
            self.bus.close()

    def messages(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def kernel(self, state, ops="", seq=0):
        """What the kernel says from now on."""
        d = self.sysfs / "kernel/sched_ext"
        if state is None:
            return
        d.mkdir(parents=True, exist_ok=True)
        (d / "enable_seq").write_text(f"{seq}\n")
        if ops:
            (d / "root").mkdir(exist_ok=True)
            (d / "root/ops").write_text(ops + "\n")
        elif (d / "root").exists():
            (d / "root/ops").unlink()
            (d / "root").rmdir()
        (d / "state").write_text(state + "\n")

    def loader_mode(self, mode):
        # In one step: a loader that starts meanwhile reads the one or the other.
        new = self.root / "loader.mode.new"
        new.write_text(mode)
        new.rename(self.root / "loader.mode")

    def profile(self, name, *schedulers, text=None):
        chain = "schedulers: []\n" if not schedulers else "schedulers:\n" + "".join(f"  - {s}\n" for s in schedulers)
        path = self.config / f"profiles/{name}.yaml"
        path.write_text(text if text is not None else f"name: {name}\ndescription: Test\n" + chain)
        return path

    def scheduler(self, name, object=OBJECT, text=None):
        path = self.config / f"schedulers/{name}.yaml"
        path.write_text(text if text is not None else SIMPLE.format(name=name, object=object))
        return path

    def start(self, wait=True, **env):
        with open(self.log, "ab") as log:
            self.program = self.bus.start([SCXD], name=NAME if wait else None, env={**self.env, **env}, stderr=log)
        return self

    def stop(self, number=signal.SIGTERM):
        """Ends it and returns its status."""
        self.program.signal(number)
        return self.program.wait()

    def connect(self):
        self.connections.append(wire.Bus(self.bus.address))
        return self.connections[-1]

    def alive(self):
        return self.program.process.poll() is None

    def loaders(self):
        """Pids of the daemon's children, whether they run or are zombies."""
        pid = self.program.process.pid
        return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def fds(self):
        return len(os.listdir(f"/proc/{self.program.process.pid}/fd"))

    def wait_message(self, text):
        wait_until(lambda: text in self.messages(), f"'{text}' in the log: {self.messages()}")

    def wait_idle(self, connection, patience=PATIENCE):
        wait_until(lambda: connection.get("Activity") == "idle", "scxd to come to rest", patience)


def error_of(test, connection, member, signature="", *args):
    """Calls the manager and returns (error name, message)."""
    with test.assertRaises(wire.DBusError) as caught:
        connection.manager(member, signature, *args)
    return caught.exception.name, caught.exception.message


def monotonic():
    return time.clock_gettime(time.CLOCK_MONOTONIC)
