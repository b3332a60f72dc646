#!/usr/bin/env python3
"""Runs the suites, each in a process of its own; a line for each test, and at the end: N passed, N failed.

run.py               all suites, several at a time
run.py SUITE [TEST]  one suite, or one test of it, in this process

hack/check-redirect calls it with what it needs.
"""

import concurrent.futures
import pathlib
import subprocess
import sys
import threading
import time
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
# Those that take longest come first.
SUITES = ["rules", "behaviour", "random_options", "interruptions", "programs", "foreign", "injected", "verification"]
# A suite that says nothing for so long hangs. Where a dozen others want the CPU too, one test may take minutes.
SECONDS_OF_SILENCE = 900


class Lines(unittest.TestResult):
    """A line as each test ends."""

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()
        self._is_bad = False

    def stopTest(self, test):
        super().stopTest(test)
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
    return 0 if result.wasSuccessful() and result.testsRun else 1


class Watch:
    """Ends a process that says nothing any more."""

    def __init__(self, process, seconds):
        self.process, self.seconds, self.has_ended_it, self.timer = process, seconds, False, None
        self.heard()

    def heard(self):
        self.stop()
        self.timer = threading.Timer(self.seconds, self.end)
        self.timer.daemon = True
        self.timer.start()

    def end(self):
        self.has_ended_it = True
        # Its children end with it.
        self.process.kill()

    def stop(self):
        if self.timer:
            self.timer.cancel()


def remove_namespaces(pid):
    """Those of a process that could not do it itself."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout.split()
    for name in listed:
        if name.startswith(f"amesh-test-{pid}-"):
            subprocess.run(["ip", "netns", "del", name], check=False)


def run_child(suite, seconds, lock):
    """The numbers of tests that passed and failed."""
    passed = failed = 0
    child = subprocess.Popen(
        [sys.executable, __file__, suite], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    watch = Watch(child, seconds)
    pending = []
    for line in child.stdout:
        watch.heard()
        if line.startswith(("ok ", "FAILED ")):
            passed += line.startswith("ok ")
            failed += line.startswith("FAILED ")
            with lock:
                word, rest = line.rstrip().split(maxsplit=1)
                print(f"{word:<6} {suite}: {rest}", *pending, sep="\n", flush=True)
            pending = []
        else:
            pending.append(line.rstrip())
    watch.stop()
    status = child.wait()
    if status != 0:
        remove_namespaces(child.pid)
    if watch.has_ended_it or status != 0 and not failed:
        failed += 1
        why = f"said nothing for {seconds} s" if watch.has_ended_it else f"ended with {status}"
        with lock:
            print(f"FAILED {suite} {why}", *pending, sep="\n", flush=True)
    return passed, failed


def main():
    if len(sys.argv) > 1:
        return run_here(*sys.argv[1:])
    began = time.monotonic()
    lock = threading.Lock()
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        counts = list(pool.map(lambda suite: run_child(suite, SECONDS_OF_SILENCE, lock), SUITES))
    passed, failed = (sum(numbers) for numbers in zip(*counts))
    print(f"redirect: {time.monotonic() - began:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER))
    sys.exit(main())
