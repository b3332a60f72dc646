"""--verify: connections that show whether the rules are in force, and that they are not."""

import unittest

from kernel.namespace import AMESH
from kernel.pod import Pod

OPTIONS = ["--inbound-ports=8080", "--outbound-ports=80,8080"]


class Verification(unittest.TestCase):
    longMessage = True

    def setUp(self):
        self.pod = Pod()
        self.addCleanup(self.pod.remove)
        # Before the sidecar runs.
        self.pod.sidecar.stop()

    def outcomes(self, report):
        return {probe["probe"]: probe["outcome"] for probe in report["probes"]}

    def test_passes(self):
        """every probe passes where the rules are in force, with every backend and both families"""
        for backend in ("iptables-nft", "iptables-legacy", "nft"):
            outcomes = self.outcomes(self.pod.inside.report("--backend", backend, "--verify", *OPTIONS))
            self.assertEqual(len(outcomes), 12, outcomes)
            self.assertEqual(set(outcomes.values()), {"passed"}, outcomes)

    def test_fails(self):
        """a rule of someone else's that comes first is noticed"""
        self.pod.inside.run("iptables-nft", "-t", "nat", "-I", "OUTPUT", "-p", "tcp", "--dport", "80", "-j", "ACCEPT")
        outcome = self.pod.inside.redirect("--backend=iptables-nft", "--verify", *OPTIONS, check=False)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("failed: IPv4: captured outbound: it did not arrive at port 19080", outcome.stdout)
        self.assertIn("1 of 12 probes failed", outcome.stderr)

    def test_too_much(self):
        """a rule of someone else's that captures more is noticed"""
        redirect = ["-j", "REDIRECT", "--to-ports", "19080"]
        self.pod.inside.run("ip6tables-nft", "-t", "nat", "-I", "OUTPUT", "-p", "tcp", "--dport", "1", *redirect)
        outcome = self.pod.inside.redirect("--backend=iptables-nft", "--verify", *OPTIONS, check=False)
        self.assertIn("failed: IPv6: uncaptured outbound: it arrived at port 19080, where it should not", outcome.stdout)

    def test_taken(self):
        """a sidecar that runs already is the reason that is given"""
        other = self.pod.agent(5, 5)
        other.listen("other", 19081, hosts=["0.0.0.0"])
        outcome = self.pod.inside.redirect("--verify", *OPTIONS, check=False)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("port 19081 can't be listened on", outcome.stdout)

    def test_unprivileged(self):
        """what needs another user is skipped without the capability for it, and said to be"""
        confined = ["setpriv", "--bounding-set=-all,+net_admin,+net_raw"]
        outcome = self.pod.inside.run(*confined, AMESH, "redirect", "--verify", *OPTIONS)
        self.assertEqual(outcome.stdout.count("skipped: "), 4)
        self.assertEqual(outcome.stdout.count("passed: "), 8)
        self.assertIn("SETUID", outcome.stdout)
