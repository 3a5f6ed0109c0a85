# SPDX-License-Identifier: GPL-2.0-only
"""A private bus that programs take for the system bus, and the programs on it. Needs dbus-daemon and busctl.

    with PrivateBus() as bus:
        daemon = bus.start(["…/scxd"], name="org.scx.Manager1", env={…})
        print(bus.run(["…/scxctl", "status"]).stdout)

Whatever was started is ended with the bus, and only that.
"""

import atexit
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path={directory}/socket</listen>
  <auth>EXTERNAL</auth>
  {services}
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="*"/>
    <allow eavesdrop="false"/>
  </policy>
  {includes}
</busconfig>
"""

PATIENCE = float(os.environ.get("SCXD_TEST_PATIENCE", "30"))  # seconds until a wait is a failure


def wait_until(condition, what, patience=None):
    """Waits until condition() is true, and returns what it returned."""
    end = time.monotonic() + (patience or PATIENCE)
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.02)


class Program:
    """A program on the bus whose output can be read line by line."""

    def __init__(self, argv, env, **options):
        self.process = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
        self.buffer = b""

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def line(self, patience=None):
        """The next line of its standard output, without the line break; None at the end."""
        end = time.monotonic() + (patience or PATIENCE)
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise TimeoutError(f"no further line from {self.process.args}; so far {self.buffer!r}")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                return None
            self.buffer += more
        text, self.buffer = self.buffer.split(b"\n", 1)
        return text.decode()

    def no_line(self, seconds=0.3):
        """True if nothing comes for that long."""
        return b"\n" not in self.buffer and not select.select([self.process.stdout], [], [], seconds)[0]

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        return self.process.wait(PATIENCE)

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass


class PrivateBus:
    def __init__(self, services=None, includes=()):
        """services: a directory of *.service files for activation; includes: bus policies, such as dbus/org.scx.Manager1.conf."""
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="scxd-bus-"))
        self.programs = []
        self.address = f"unix:path={self.directory}/socket"
        self.env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address, "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "dumb"}
        for name in ("COLUMNS", "NO_COLOR", "JOURNAL_STREAM", "DBUS_STARTER_ADDRESS", "DBUS_STARTER_BUS_TYPE"):
            self.env.pop(name, None)
        config = self.directory / "bus.conf"
        config.write_text(CONFIG.format(
            directory=self.directory,
            services=f"<servicedir>{services}</servicedir>" if services else "",
            includes="".join(f"<include>{path}</include>" for path in includes)))
        atexit.register(self.close)  # also if a test forgets
        with open(self.directory / "bus.log", "wb") as log:
            self.daemon = Program(["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"], self.env, stderr=log)
        if self.daemon.line() is None:  # its address: it listens now
            raise RuntimeError("dbus-daemon does not start: " + (self.directory / "bus.log").read_text())

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def close(self):
        for program in reversed(self.programs):
            program.end()
        self.programs = []
        self.daemon.end()
        shutil.rmtree(self.directory, ignore_errors=True)
        atexit.unregister(self.close)

    def environment(self, env=None):
        """The environment in which the private bus is the system bus; None as a value removes a variable."""
        result = {**self.env, **(env or {})}
        return {key: str(value) for key, value in result.items() if value is not None}

    def start(self, argv, name=None, env=None, **options):
        """Starts a program, and waits until it owns the name."""
        program = Program([str(a) for a in argv], self.environment(env), **options)
        self.programs.append(program)
        if name:
            def there():
                if program.process.poll() is not None:
                    raise RuntimeError(f"{argv[0]} ended with {program.process.returncode} before it owned {name}")
                return self.has_owner(name)
            wait_until(there, f"{argv[0]} to own {name}")
        return program

    def run(self, argv, env=None, patience=None, **options):
        """Runs a program to its end; stdout and stderr are text."""
        return subprocess.run([str(a) for a in argv], env=self.environment(env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=patience or PATIENCE, **options)

    def busctl(self, *arguments):
        return self.run(["busctl", f"--address={self.address}", *arguments])

    def has_owner(self, name):
        answer = self.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", "s", name)
        return answer.stdout.strip() == "b true"

    def wait_gone(self, name):
        wait_until(lambda: not self.has_owner(name), f"{name} to go")
