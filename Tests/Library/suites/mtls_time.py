"""Mutual TLS between two real sidecars as time goes by: certificates follow each other, the server is away, clocks differ."""

import datetime
import email.utils
import os
import subprocess
import time
import unittest

from library.identity import Authority
from library.two_sidecars import TwoSidecars
from peers.process import wait_until


@unittest.skipUnless("SIDECAR_IMAGE" in os.environ, "hack/check-sidecar runs it")
class MutualTLSInTime(TwoSidecars):
    def test_rotation(self):
        """Leaves of some seconds, then a new root through all its states: no request fails"""
        old, new = self.identity.authority, Authority("next")
        self.addCleanup(setattr, self.identity, "seconds", 3600)
        with self.load() as failures:
            self.identity.seconds = 12
            self.identity.push_certificates()
            before = len(self.identity.issued)
            wait_until(lambda: len(self.identity.issued) >= before + 6, 40, "leaves are renewed")
            self.identity.push_roots(old, new)
            self.settle()
            self.identity.authority = new
            self.identity.push_certificates()
            self.settle()
            self.identity.push_roots(new)
            self.settle()
        self.assertEqual(failures, [])
        self.assertEqual(self.identity.errors, [])
        keys = [request for _, request in self.identity.issued]
        self.assertGreater(len(set(keys)), 6)
        self.assertEqual(self.direct(certificate=self.client(new))[0], 200)
        self.assertIn(self.direct(certificate=self.client(old))[0], (0, 400))

    def test_without_server(self):
        """While the identity server is away all goes on"""
        self.identity.stop()
        try:
            wait_until(lambda: not self.secured()["connected"], 20, "the server is missed")
            self.assertEqual(self.call().status, 200)
            self.assertNotEqual(self.secured()["lastFailure"], "")
        finally:
            self.identity.listen()
        wait_until(lambda: self.secured()["connected"], 60, "the server is found again")

    def test_long_without_server(self):
        """The identity server is away for longer than half a leaf's life: no request fails, and renewals follow in time"""
        # What is left of it is longer than the longest wait before the next connection, which is half a minute.
        life = 80
        self.addCleanup(setattr, self.identity, "seconds", 3600)
        self.identity.seconds = life
        with self.load() as failures:
            self.identity.push_certificates()
            issued = time.monotonic()
            self.identity.stop()
            try:
                wait_until(lambda: not self.secured()["connected"], 20, "the server is missed")
                time.sleep(issued + life * 0.55 - time.monotonic())
                before = len(self.identity.issued)
            finally:
                self.identity.listen()
            both = {"web", "cart"}
            renewed = lambda: {account for account, _ in self.identity.issued[before:]} == both  # noqa: E731
            wait_until(renewed, issued + life - time.monotonic(), "both have another certificate before theirs has ended")
            time.sleep(max(0, issued + life + 3 - time.monotonic()))
        self.assertEqual(failures, [])
        self.assertEqual(self.identity.errors, [])

    def test_clock(self):
        """Where the other Pod's clock is 90 seconds fast or slow, nothing is refused, nor when certificates follow each other"""
        self.addCleanup(setattr, self.identity, "seconds", 3600)
        self.addCleanup(self.restart_other)
        for seconds in (90, -90):
            with self.subTest(seconds=seconds):
                self.identity.seconds = 3600
                self.restart_other(clock=seconds)
                self.assertAlmostEqual(self.clock_ahead(), seconds, delta=5)
                self.identity.seconds = 600
                with self.load() as failures:
                    before = len(self.identity.issued)
                    self.identity.push_certificates()
                    wait_until(lambda: len(self.identity.issued) >= before + 2, 20, "certificates are issued")
                    # Until connections of before are no longer used.
                    wait_until(lambda: self.secured()["lastFailure"] == "", 5, "nothing is refused")
                    time.sleep(5)
                self.assertEqual(failures, [])
                self.assertEqual(self.identity.errors, [])

    def clock_ahead(self):
        """By what the other Pod's nginx says, by how many seconds it is ahead of here."""
        command = ["ip", "netns", "exec", self.pod.peer, "curl", "-sI", "http://127.0.0.1:19081/"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=20).stdout
        date = next(line.partition(": ")[2] for line in said.splitlines() if line.lower().startswith("date:"))
        return (email.utils.parsedate_to_datetime(date) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
