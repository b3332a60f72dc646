"""Rules of others that are no plain rules of iptables: ours go beside them, once, and leave as if they had never been."""

import unittest

from kernel.namespace import BACKENDS, Namespace

OPTIONS = ["--inbound-ports=8080", "--outbound-ports=80"]
# Rules of nft in the table of iptables' that iptables can't print any more, and one that it fails at.
STRANGE = [
    "fib daddr type local return",
    "ip daddr { 10.0.0.1, 10.0.0.2 } tcp dport 53 dnat to 10.0.0.3:53",
    'ct state new log prefix "jump AMESH_OUTPUT" comment "jump AMESH_OUTPUT"',
    "numgen random mod 2 vmap { 0 : accept, 1 : return }",
    "meta mark set 5",
]
# Chains where iptables has its own, but at another place.
ELSEWHERE = """table ip nat {
	chain prerouting { type nat hook prerouting priority -101; }
	chain OUTPUT { type nat hook output priority -90; tcp dport 7 return; }
}
"""
LOOKALIKE = """first line
:AMESH_OTHER - [0:0]
-A AMESH_OTHER -j RETURN
-A OUTPUT -j AMESH_OTHER
\\"-A OUTPUT -j AMESH_OUTPUT"""


class Foreign(unittest.TestCase):
    longMessage = True
    maxDiff = None

    def setUp(self):
        self.namespace = Namespace()
        self.addCleanup(self.namespace.remove)

    def listed(self):
        """All that nf_tables has, with its place, but without empty tables and chains that iptables makes on its way."""
        text = self.namespace.run("nft", "list", "ruleset").stdout
        return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]

    def test_elsewhere(self):
        """chains of others where iptables has its own lead to nft, and asked for iptables the error says so"""
        self.namespace.run("nft", "-f", "-", input=ELSEWHERE)
        before = self.listed()
        self.assertEqual(self.namespace.report(*OPTIONS)["backend"], "nft")
        self.assertEqual([step["action"] for step in self.namespace.report(*OPTIONS)["steps"]], ["unchanged"])
        self.namespace.redirect("--cleanup")
        self.assertEqual(self.listed(), before)
        outcome = self.namespace.redirect("--backend=iptables-nft", *OPTIONS, check=False)
        self.assertEqual(outcome.returncode, 1)
        for word in ("chains of others", "--backend=nft", "CHAIN_ADD failed"):
            self.assertIn(word, outcome.stderr)
        self.assertEqual(self.listed(), before)

    def test_unreadable(self):
        """what iptables can't read leads to nft, which takes out what iptables has loaded before, and nothing else"""
        for rule in STRANGE:
            for further in ([], ["--drop-invalid"]):
                with self.subTest(rule=rule, further=further):
                    namespace = self.namespace
                    # As it is when ours have come and gone.
                    namespace.redirect("--backend=iptables-nft", *OPTIONS, *further)
                    namespace.redirect("--cleanup")
                    namespace.run("nft", f"add rule ip nat OUTPUT {rule}")
                    before = self.listed()
                    namespace.run("nft", "flush chain ip nat OUTPUT")
                    namespace.redirect("--backend=iptables-nft", *OPTIONS, *further)
                    namespace.run("nft", f"add rule ip nat OUTPUT {rule}")
                    for backend in ("auto", "iptables-nft"):
                        outcome = namespace.redirect(f"--backend={backend}", *OPTIONS, *further, check=False)
                        self.assertEqual(outcome.returncode, 0 if backend == "auto" else 1, outcome.stderr)
                    again = namespace.report(*OPTIONS, *further)
                    self.assertEqual([step["action"] for step in again["steps"]], ["unchanged"])
                    text = "\n".join(self.listed())
                    self.assertNotIn("chain AMESH_", text)
                    self.assertIn("table ip amesh", text)
                    outcome = namespace.redirect("--cleanup")
                    self.assertEqual(outcome.stderr, "")
                    self.assertEqual(self.listed(), before)
                    namespace.run("nft", "flush ruleset")

    def test_unreadable_cleanup(self):
        """cleaning up does so where iptables can't see its rules"""
        self.namespace.redirect("--backend=iptables-nft", *OPTIONS)
        self.namespace.run("nft", f"add rule ip nat OUTPUT {STRANGE[0]}")
        self.assertEqual(self.namespace.redirect("--cleanup").stdout, "IPv4 (nft): rules removed\n")
        text = "\n".join(self.listed())
        self.assertNotIn("AMESH", text)
        self.assertIn(STRANGE[0], text)

    def test_lines_in_comments(self):
        """a comment of several lines is no rule, whatever its lines look like"""
        for backend in BACKENDS[:2]:
            with self.subTest(backend=backend):
                self.namespace.run(backend, "-t", "nat", "-N", "THEIRS")
                comment = ["-m", "comment", "--comment", LOOKALIKE]
                self.namespace.run(backend, "-t", "nat", "-A", "THEIRS", *comment, "-j", "RETURN")
                before = self.namespace.everything()
                self.namespace.redirect(f"--backend={backend}", *OPTIONS)
                report = self.namespace.report(f"--backend={backend}", *OPTIONS)
                self.assertEqual([step["action"] for step in report["steps"]], ["unchanged"])
                self.namespace.redirect("--cleanup")
                self.assertEqual(self.namespace.everything(), before)

    def test_led_to(self):
        """rules of others that lead to us go with us, however they are written"""
        theirs = [
            ["-m", "comment", "--comment", 'a "quoted" \\ thing'],
            ["-p", "tcp", "-m", "limit", "--limit", "5/min", "-m", "tcp", "--dport", "1:100", "--tcp-flags", "SYN,ACK", "SYN"],
            ["-m", "conntrack", "--ctstate", "NEW,RELATED", "-m", "mark", "--mark", "0x1/0xff"],
        ]
        for backend in BACKENDS[:2]:
            with self.subTest(backend=backend):
                self.namespace.run(backend, "-t", "nat", "-N", "THEIRS")
                before = self.namespace.everything()
                self.namespace.redirect(f"--backend={backend}", *OPTIONS)
                for words in theirs:
                    self.namespace.run(backend, "-t", "nat", "-A", "THEIRS", *words, "-j", "AMESH_OUTPUT")
                self.namespace.redirect("--cleanup")
                self.assertEqual(self.namespace.everything(), before)

    def test_many(self):
        """tens of thousands of rules of others are no obstacle and stay"""
        lines = ["*nat", *(f":THEIRS-{number} - [0:0]" for number in range(100))]
        for number in range(20000):
            address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}/32"
            comment = f'-m comment --comment "shop/service-{number} is \\"fine\\""'
            lines.append(f"-A THEIRS-{number % 100} -d {address} -p tcp {comment} -m tcp --dport 80 -j RETURN")
        for backend in BACKENDS[:2]:
            with self.subTest(backend=backend):
                namespace = Namespace()
                self.addCleanup(namespace.remove)
                namespace.run(f"{backend}-restore", "--noflush", input="\n".join([*lines, "COMMIT", ""]))
                before = namespace.everything()
                self.assertEqual(namespace.report(*OPTIONS)["backend"], backend)
                self.assertEqual([step["action"] for step in namespace.report(*OPTIONS)["steps"]], ["unchanged"])
                namespace.redirect("--cleanup")
                self.assertEqual(namespace.everything(), before)
