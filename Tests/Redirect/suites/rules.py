"""The golden rules in a real kernel: loaded, read back, loaded again, changed, cleaned up, beside rules of others."""

import unittest

from kernel.golden import cases, expected, flags
from kernel.namespace import BACKENDS, TABLES, Namespace, ours

# What others have in a namespace, which has to be there, the same and in the same order, whatever we do.
FOREIGN = """*nat
:KUBE-SOMETHING - [0:0]
-A PREROUTING -p tcp -m tcp --dport 7 -j RETURN
-A OUTPUT -p tcp -m tcp --dport 7 -m comment --comment "-j AMESH_OUTPUT" -j KUBE-SOMETHING
-A KUBE-SOMETHING -p tcp -j REDIRECT --to-ports 8
COMMIT
*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p udp -j ACCEPT
COMMIT
*filter
-A OUTPUT -p tcp -m tcp --dport 9 -j DROP
COMMIT
"""
FOREIGN_TABLE = """table inet theirs {
	set ports { type inet_service; elements = { 5, 6 } }
	chain output { type nat hook output priority -100; tcp dport @ports return; }
}
"""


class Rules(unittest.TestCase):
    longMessage = True
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.namespaces = {}
        for backend in BACKENDS:
            namespace = cls.namespaces[backend] = Namespace()
            cls.addClassCleanup(namespace.remove)
            namespace.add_address("fd00::1/64", "lo")
            for table in TABLES.values():
                suffix = "legacy" if backend == "iptables-legacy" else "nft"
                namespace.run(f"{table}-{suffix}-restore", "--noflush", input=FOREIGN)
            if backend == "nft":
                namespace.run("nft", "-f", "-", input=FOREIGN_TABLE)

    def each(self):
        for backend, namespace in self.namespaces.items():
            yield backend, namespace, ["--backend", backend]

    def actions(self, report, backend):
        return [step["action"] for step in report["steps"] if step["backend"] == backend]

    def check_loaded(self, namespace, backend, name):
        """What the kernel prints is what is expected, word by word."""
        for family in TABLES:
            if backend == "nft":
                lines = expected(name)[f"nftables {family}"]
                kernel = "ip" if family == "ipv4" else "ip6"
                listed = namespace.run("nft", "list", "table", kernel, "amesh", check=bool(lines)).stdout
                self.assertEqual(listed.split(), " ".join(lines).split(), name)
            else:
                wanted = expected(name)[f"iptables {family}"]
                self.assertEqual(ours(namespace.saved(backend, family)), ours(wanted), f"{name}, {family}")

    def test_golden(self):
        """each golden case is loaded as written, stays when loaded again, and leaves nothing behind"""
        for backend, namespace, chosen in self.each():
            before = namespace.everything()
            for name in cases():
                with self.subTest(backend=backend, case=name):
                    is_empty = not any(expected(name)[key] for key in expected(name) if "ipv" in key)
                    first = namespace.report(*chosen, *flags(name))
                    self.check_loaded(namespace, backend, name)
                    self.assertIn("absent" if is_empty else "created", self.actions(first, backend))
                    loaded = namespace.everything()
                    again = namespace.report(*chosen, *flags(name))
                    self.assertLessEqual(set(self.actions(again, backend)), {"unchanged", "absent"})
                    self.assertEqual(namespace.everything(), loaded)
                    namespace.redirect("--cleanup")
                    self.assertEqual(namespace.everything(), before)

    def test_change(self):
        """each golden case takes the place of the one before it, and the rules of others stay where they are"""
        for backend, namespace, chosen in self.each():
            before = namespace.everything()
            for name in cases():
                with self.subTest(backend=backend, case=name):
                    namespace.redirect(*chosen, *flags(name))
                    self.check_loaded(namespace, backend, name)
            namespace.redirect("--cleanup")
            self.assertEqual(namespace.everything(), before)

    def test_damage(self):
        """rules that someone has changed are put right, whatever was done to them"""
        damage = {
            "iptables": [
                "-F AMESH_OUTPUT",
                "-A AMESH_OUTBOUND -j RETURN",
                "-I AMESH_OUTPUT 1 -j RETURN",
                "-A OUTPUT -p tcp -j AMESH_OUTPUT",
                "-D OUTPUT -p tcp -j AMESH_OUTPUT",
                "-A PREROUTING -p tcp -m tcp --dport 80 -j AMESH_INBOUND",
                "-N AMESH_OLD\n-A AMESH_OLD -j AMESH_INBOUND\n-A KUBE-SOMETHING -j AMESH_OLD",
            ],
            "nft": [
                "flush chain ip amesh output",
                "add rule ip amesh outbound return",
                "insert rule ip amesh output return",
                "add chain ip amesh other",
                "delete table ip amesh",
            ],
        }
        options = ["--inbound-ports=8080", "--outbound-ports=80"]
        for backend, namespace, chosen in self.each():
            before = namespace.everything()
            namespace.redirect(*chosen, *options)
            right = namespace.everything()
            for change in damage["nft" if backend == "nft" else "iptables"]:
                with self.subTest(backend=backend, change=change):
                    if backend == "nft":
                        namespace.run("nft", change)
                    else:
                        program = f"{backend}-restore"
                        namespace.run(program, "--noflush", input=f"*nat\n{change}\nCOMMIT\n")
                    self.assertNotEqual(namespace.everything(), right)
                    report = namespace.report(*chosen, *options)
                    expected = "created" if change.startswith("delete table") else "replaced"
                    self.assertEqual(self.actions(report, backend), [expected, "unchanged"])
                    self.assertEqual(namespace.everything(), right)
            namespace.redirect("--cleanup")
            self.assertEqual(namespace.everything(), before)

    def test_dry_run(self):
        """a dry run prints just what would be loaded, and changes nothing"""
        for backend, namespace, chosen in self.each():
            before = namespace.everything()
            report = namespace.report(*chosen, "--dry-run", *flags("everything"))
            self.assertEqual(namespace.everything(), before)
            kind = "nftables" if backend == "nft" else "iptables"
            for step in report["steps"]:
                lines = step["input"].splitlines()
                self.assertEqual([line for line in lines if line], expected("everything")[f"{kind} {step['family']}"])
            text = namespace.redirect(*chosen, "--dry-run", *flags("everything")).stdout
            for line in report["account"]:
                self.assertIn(f"# {line}\n", text)
            # What was printed is what the programs read: the account is a remark to them.
            if backend == "nft":
                namespace.run("nft", "--check", "-f", "-", input=text)

    def test_other_backend(self):
        """what another backend has of ours goes when this one has the rules, and by itself the old one stays in use"""
        options = ["--inbound-ports=8080", "--outbound-ports=80"]
        for old in BACKENDS:
            namespace = self.namespaces[old]
            before = namespace.everything()
            namespace.redirect("--backend", old, *options)
            self.assertEqual(namespace.report(*options, "--drop-invalid")["backend"], old)
            for new in BACKENDS:
                if new == old:
                    continue
                with self.subTest(old=old, new=new):
                    report = namespace.report("--backend", new, *options)
                    self.assertEqual(self.actions(report, new), ["created", "created"])
                    self.assertEqual(self.actions(report, old), ["removed", "removed"])
                    back = namespace.report("--backend", old, *options)
                    self.assertEqual(self.actions(back, new), ["removed", "removed"])
            namespace.redirect("--cleanup")
            self.assertEqual(namespace.everything(), before)
