"""Children of a suite: each ends with it, by its id."""

import os
import pathlib
import random
import signal
import socket
import subprocess
import time

LOOPBACK = "127.0.0.1"

# Below the range that the kernel takes ports for outgoing connections from.
_PORTS = range(20000, 32000)
_taken = set()


def free_port():
    """A port that nobody listens on, and that this suite has not given away yet."""
    while True:
        port = random.choice(_PORTS)
        if port in _taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
        _taken.add(port)
        return port


def wait_until(condition, seconds, what):
    """Waits for a condition to be true, and gives back its value.

    Raises TimeoutError that says what was waited for.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


class Child:
    """A process with its output in a file."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self.log = pathlib.Path(folder) / f"{name}.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                # Whatever becomes of this interpreter, the child does not outlive it.
                ["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )

    def is_running(self):
        return self.process.poll() is None

    def wait_until(self, condition, seconds, what):
        """As the function, but gives up when the process has ended."""

        def checked():
            if not self.is_running():
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.output()}")
            return condition()

        try:
            return wait_until(checked, seconds, f"{self.name}: {what}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.output()}") from None

    def output(self, lines=30):
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def kill(self):
        """As a crash or a node's end would: nothing is tidied up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=10):
        if not self.is_running():
            return
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
