#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the benches share: figures, verdicts, and a guest to measure in. Run by itself it tests its own arithmetic."""

import argparse
import fcntl
import json
import os
import random
import signal
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
TOOLS = os.path.join(HERE, "..", "..", "tools")
GUEST_BENCH = "/usr/lib/scxd-tests/bench"


class Failed(Exception):
    """The measurement itself failed: there are no figures."""


# --- figures ---

def percentile(values, percent):
    """The smallest value that at least so many per cent of them do not exceed."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(int(rank), 1) - 1]


def ratio_of_medians(a, b, rounds=2000):
    """median(a) / median(b), and the interval in which it lies with 90 % certainty (by resampling, the same each time)."""
    rng = random.Random(1)
    ratios = sorted(statistics.median(rng.choices(a, k=len(a))) / statistics.median(rng.choices(b, k=len(b)))
                    for _ in range(rounds))
    return (statistics.median(a) / statistics.median(b), percentile(ratios, 5), percentile(ratios, 95))


def verdict(value, limit, at_least=False):
    return "PASS" if (value >= limit if at_least else value <= limit) else "FAIL"


# --- the guest ---

class Guest:
    """A guest of its own with this checkout's scxd in it. One that was up before is used and left up."""

    def __init__(self, kernel, keep=False):
        self.kernel, self.keep = kernel, keep
        self.name = "bench" + kernel.replace(".", "")
        self.lock = None

    def take_turns(self):
        """One bench at a time in a guest."""
        cache = os.environ.get("SCXD_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "scxd")
        os.makedirs(cache, exist_ok=True)
        self.lock = open(os.path.join(cache, ".%s.lock" % self.name), "w", encoding="utf-8")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another bench in guest %s" % self.name, file=sys.stderr, flush=True)
            fcntl.flock(self.lock, fcntl.LOCK_EX)

    def tool(self, *arguments, **options):
        return subprocess.run([os.path.join(TOOLS, arguments[0]), *arguments[1:]], stdin=subprocess.DEVNULL, **options)

    def __enter__(self):
        self.take_turns()
        status = self.tool("guest", "status", capture_output=True, text=True).stdout
        was_up = any(line.split()[:2] == [self.name, "up,"] for line in status.splitlines())
        self.keep = self.keep or was_up
        try:
            if not was_up and self.tool("guest", "up", "--name", self.name, "--kernel", self.kernel).returncode != 0:
                raise Failed("the guest does not come up")
            if self.tool("build", "--guest", self.name).returncode != 0:
                raise Failed("scxd cannot be built or put into the guest")
            self.run("systemctl", "start", "scxd.service")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if not self.keep:
            self.tool("guest", "down", "--name", self.name)
        self.lock.close()

    def command(self, timeout, *arguments):
        return [os.path.join(TOOLS, "guest"), "run", "--name", self.name, "--timeout", str(timeout), "--", *arguments]

    def run(self, *arguments, timeout=120):
        """Its output. It must succeed."""
        r = subprocess.run(self.command(timeout, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if r.returncode != 0:
            raise Failed("%s ended with %d in the guest" % (" ".join(arguments), r.returncode))
        return r.stdout

    def lines(self, *arguments, timeout):
        """The JSON objects that it prints, as they come."""
        with subprocess.Popen(self.command(timeout, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as p:
            try:
                for line in p.stdout:
                    yield json.loads(line)
            except BaseException:
                p.terminate()
                raise
        if p.returncode != 0:
            raise Failed("%s ended with %d in the guest" % (" ".join(arguments), p.returncode))

    def release(self):
        return self.run("uname", "-r").strip()


# --- the command line ---

def parser(description):
    p = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--kernel", default="7.3", metavar="SERIES", help="the guest's kernel (default: 7.3)")
    p.add_argument("--json", metavar="FILE", help="also write figures and samples there")
    p.add_argument("--check", action="store_true", help="end with status 1 if a target is missed")
    p.add_argument("--keep", action="store_true", help="leave the guest up")
    return p


def run(args, measure):
    """measure() → (result for --json, whether all targets were met). Status 2: the measurement failed."""
    # Like Ctrl-C: the guest is taken down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        result, good = measure(args)
        if args.json:
            with open(args.json, "w", encoding="utf-8") as f:
                json.dump(result, f, indent=1)
                f.write("\n")
    except (Failed, OSError, ValueError) as e:
        print("%s: %s" % (os.path.basename(sys.argv[0]), e), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 1 if args.check and not good else 0


def self_test():
    for values, percent, expected in (([5], 99, 5), ([3, 1, 2], 50, 2), ([1, 2], 50, 1), (list(range(1, 101)), 99, 99),
                                      (list(range(1, 21)), 99, 20), (list(range(1, 21)), 95, 19), ([7, 7, 9], 1, 7)):
        assert percentile(values, percent) == expected, (values, percent)
    assert ratio_of_medians([2, 2, 2], [1, 1, 1]) == (2, 2, 2)
    middle, low, high = ratio_of_medians([9, 10, 11, 12], [4, 5, 5, 6])
    assert low <= middle <= high and low < high and middle == 2.1, (low, middle, high)
    assert ratio_of_medians([1, 2, 3], [4, 5, 6]) == ratio_of_medians([1, 2, 3], [4, 5, 6])
    for value, limit, at_least, expected in ((1.15, 1.15, False, "PASS"), (1.16, 1.15, False, "FAIL"), (10, 10, True, "PASS"),
                                             (9.9, 10, True, "FAIL")):
        assert verdict(value, limit, at_least) == expected, (value, limit, at_least)
    return 0


if __name__ == "__main__":
    sys.exit(self_test())
