#!/usr/bin/env python3
"""Runs the suites, each in a process of its own; a line for each test, and at the end: N passed, N failed.

run.py               all suites, several at a time
run.py SUITE [TEST]  one suite, or one test of it, in this process

hack/check-library calls it with what it needs.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import threading
import time
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
# Those that wait most come first.
SUITES = ["silence", "faults", "endurance", "streams", "status", "trust", "loading", "destination", "upstreams", "plugins"]
# A suite that takes longer hangs.
SECONDS_PER_SUITE = 240


class Lines(unittest.TestResult):
    """A line as each test ends."""

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()
        self._is_bad = False
        self._is_skipped = False

    def stopTest(self, test):
        super().stopTest(test)
        if self._is_skipped:
            return
        word = "FAILED" if self._is_bad else "ok    "
        taken = f"{time.monotonic() - self._began:.1f} s"
        print(f"{word} {test.shortDescription() or test.id()} ({taken})", flush=True)

    def _bad(self, test, problem):
        self._is_bad = True
        text = self._exc_info_to_string(problem, test)
        print("\n".join(f"       {line}" for line in text.splitlines()), flush=True)

    def addError(self, test, problem):
        super().addError(test, problem)
        self._bad(test, problem)
        if not isinstance(test, unittest.TestCase):
            # Not a test but what comes before or after all of them.
            print(f"FAILED {test}", flush=True)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._is_skipped = True
        print(f"skipped: {test.shortDescription() or test.id()}: {reason}", flush=True)

    def addFailure(self, test, problem):
        super().addFailure(test, problem)
        self._bad(test, problem)

    def addSubTest(self, test, subtest, problem):
        super().addSubTest(test, subtest, problem)
        if problem:
            self._bad(subtest, problem)


def run_here(suite, test=None):
    loaded = unittest.defaultTestLoader.loadTestsFromName(f"suites.{suite}")
    if test:
        loaded = unittest.TestSuite(t for group in loaded for t in group if t._testMethodName == test)
    result = Lines()
    loaded.run(result)
    # gRPC's threads may not want to end; everything of ours has.
    sys.stdout.flush()
    os._exit(0 if result.wasSuccessful() and result.testsRun else 1)


def run_child(suite, seconds, lock):
    """The numbers of tests that passed and failed."""
    passed = failed = 0
    child = subprocess.Popen(
        [sys.executable, __file__, suite], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    # Its children end with it.
    timer = threading.Timer(seconds, child.kill)
    timer.start()
    pending = []
    for line in child.stdout:
        if line.startswith(("ok ", "FAILED ")):
            passed += line.startswith("ok ")
            failed += line.startswith("FAILED ")
            with lock:
                word, rest = line.rstrip().split(maxsplit=1)
                print(f"{word:<6} {suite}: {rest}", *pending, sep="\n", flush=True)
            pending = []
        elif line.startswith("skipped: "):
            with lock:
                print(line.rstrip(), flush=True)
        else:
            pending.append(line.rstrip())
    timer.cancel()
    if child.wait() != 0 and not failed:
        failed = 1
        with lock:
            print(f"FAILED {suite} ended with {child.returncode}", *pending, sep="\n", flush=True)
    return passed, failed


def main():
    if len(sys.argv) > 1:
        run_here(*sys.argv[1:])
    began = time.monotonic()
    lock = threading.Lock()
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        counts = list(pool.map(lambda suite: run_child(suite, SECONDS_PER_SUITE, lock), SUITES))
    passed, failed = (sum(numbers) for numbers in zip(*counts))
    print(f"library: {time.monotonic() - began:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    # Processes and ports are those of the other suites in Python.
    sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "Peers")]
    sys.exit(main())
