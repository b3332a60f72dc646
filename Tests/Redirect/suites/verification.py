"""--verify: connections that show whether the rules are in force, and that they are not."""

import subprocess
import unittest

from kernel.namespace import AMESH
from kernel.pod import POD, Pod

OPTIONS = ["--inbound-ports=8080", "--outbound-ports=80,8080"]
STRANGERS = """
import socket
while True:
    for address in ADDRESSES:
        try:
            socket.create_connection((address, 8080), 1).close()
        except OSError:
            pass
""".replace("ADDRESSES", repr(list(POD.values())))


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

    def test_few_ports(self):
        """connections are told apart where ports to connect from are few, again and again"""
        self.pod.inside.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=40000 40031")
        for _ in range(6):
            outcomes = self.outcomes(self.pod.inside.report("--backend=iptables-nft", "--verify", *OPTIONS))
            self.assertEqual(set(outcomes.values()), {"passed"}, outcomes)

    def test_strangers(self):
        """others that keep connecting neither pass for a probe nor keep it waiting"""
        self.pod.inside.run("iptables-nft", "-t", "nat", "-I", "OUTPUT", "-o", "lo", "-j", "ACCEPT")
        strangers = subprocess.Popen(self.pod.outside.command("/usr/bin/python3", "-c", STRANGERS))
        try:
            outcome = self.pod.inside.redirect("--backend=iptables-nft", "--verify", *OPTIONS, check=False)
        finally:
            strangers.kill()
            strangers.wait()
        self.assertEqual(outcome.returncode, 1)
        expected = "failed: IPv4: the sidecar's call to its own Pod: it did not arrive at port 19081\n"
        self.assertIn(expected, outcome.stdout)
        self.assertIn("1 of 12 probes failed", outcome.stderr)

    def test_excluded_interface(self):
        """where the way out is excluded, what is captured by another can't be tried, and nothing fails"""
        for name in ("eth0", "et+"):
            outcome = self.pod.inside.redirect("--verify", f"--exclude-interfaces={name}", *OPTIONS)
            self.assertEqual(outcome.stdout.count("is reached by eth0, which is excluded"), 2, outcome.stdout)
            self.assertEqual(outcome.stdout.count("passed: "), 10, outcome.stdout)

    def test_included_networks(self):
        """of networks to include it takes an address that is not the Pod's own and no broadcast"""
        own = ",".join([*POD.values(), "127.0.0.0/8", "::1", "0.0.0.0", "224.0.0.0/4", "fe80::/10"])
        for further, number in (("", 4), (",10.7.0.0/24,fd07::/64", 12)):
            outcome = self.pod.inside.redirect("--verify", f"--include-outbound-cidrs={own}{further}", *OPTIONS)
            self.assertEqual(outcome.stdout.count("passed: "), number, outcome.stdout)

    def test_speaker(self):
        """run as the sidecar, or as who is excluded, it does not take itself for an application"""
        rights = ["--inh-caps=+net_admin,+net_raw", "--ambient-caps=+net_admin,+net_raw", "--clear-groups"]
        for user, group, further in ((1337, 1337, []), (1000, 1337, []), (1000, 1000, ["--exclude-uids=1000"])):
            as_user = ["setpriv", f"--reuid={user}", f"--regid={group}", *rights]
            flags = ["--backend=nft", "--verify", *OPTIONS, *further]
            outcome = self.pod.inside.run(*as_user, AMESH, "redirect", *flags)
            self.assertNotIn("captured outbound: it", outcome.stdout.replace("uncaptured", ""))
            self.assertIn("uncaptured outbound: it did not arrive", outcome.stdout)
