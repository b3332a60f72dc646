"""Checks that are counted, as hack/lib/checks.sh counts those in shell."""

import contextlib
import sys
import time
import traceback

# Longer ones say so.
WORTH_A_NOTE = 3


class Checks:
    """`with checks("what has to be true"): …`: a line for each, and the suite goes on whatever becomes of it."""

    def __init__(self):
        self._passed = self._failed = 0

    @contextlib.contextmanager
    def __call__(self, title):
        began = time.monotonic()
        try:
            yield
        except Exception as error:  # noqa: BLE001
            self._failed += 1
            print(f"✘ {title}")
            frames = traceback.extract_tb(error.__traceback__)[1:]
            places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.line}" for frame in frames]
            for line in [*places, *f"{type(error).__name__}: {error}".splitlines()[:30]]:
                print(f"    {line}")
        else:
            self._passed += 1
            taken = time.monotonic() - began
            print(f"✔ {title}" + (f" ({taken:.0f} s)" if taken >= WORTH_A_NOTE else ""))
        sys.stdout.flush()

    @staticmethod
    def note(text):
        print(f"    {text}", flush=True)

    @staticmethod
    def skip(title, why):
        print(f"- {title}: {why}", flush=True)

    def close(self):
        """The closing line; the status that the process is to end with."""
        print(f"{self._passed} passed, {self._failed} failed", flush=True)
        return 1 if self._failed or not self._passed else 0
