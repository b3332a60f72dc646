"""Which programs are used, what happens where some are missing or refused, and with how little it runs."""

import os
import pathlib
import tempfile
import unittest

from kernel.namespace import AMESH, TABLES, Namespace, run

OPTIONS = ["--inbound-ports=8080", "--outbound-ports=80"]


class Programs(unittest.TestCase):
    longMessage = True

    def setUp(self):
        self.namespace = Namespace()
        self.addCleanup(self.namespace.remove)
        holder = tempfile.TemporaryDirectory(prefix="redirect-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        os.chmod(self.folder, 0o755)

    def provide(self, *names, instead=None):
        """Links to programs of the system, by which alone they are found; or scripts in their place."""
        for name in names:
            path = self.folder / name
            if instead:
                path.write_text(f"#!/bin/sh\n{instead}\n")
                path.chmod(0o755)
            else:
                path.symlink_to(run("sh", "-c", f"command -v {name}").stdout.strip())

    def redirect(self, *flags, **options):
        return self.namespace.run("env", f"PATH={self.folder}", AMESH, "redirect", *flags, **options)

    @staticmethod
    def iptables(kind, families=TABLES):
        infix = f"-{kind}" if kind else ""
        return [f"{TABLES[family]}{infix}-{verb}" for family in families for verb in ("restore", "save")]

    def test_default(self):
        """where nothing is, iptables over nf_tables is used"""
        self.assertEqual(self.namespace.report(*OPTIONS)["backend"], "iptables-nft")

    def test_legacy_in_use(self):
        """where legacy holds rules of others, it is used"""
        self.namespace.run("iptables-legacy", "-t", "filter", "-A", "OUTPUT", "-p", "udp", "-j", "ACCEPT")
        self.assertEqual(self.namespace.report(*OPTIONS)["backend"], "iptables-legacy")

    def test_legacy_only(self):
        """where only legacy is installed, it is used"""
        self.provide(*self.iptables("legacy"))
        self.assertIn("iptables-legacy", self.redirect(*OPTIONS).stdout)

    def test_nft_only(self):
        """where only nft is installed, it is used"""
        self.provide("nft")
        self.assertIn("IPv4 (nft): rules loaded", self.redirect(*OPTIONS).stdout)

    def test_plain(self):
        """programs without a suffix are what they say of themselves"""
        self.provide("iptables", *self.iptables(""))
        self.assertIn("iptables-nft", self.redirect(*OPTIONS).stdout)

    def test_plain_is_legacy(self):
        """programs without a suffix may be legacy ones"""
        self.provide(*self.iptables("legacy"))
        for name in self.iptables(""):
            (self.folder / name).symlink_to("/usr/sbin/xtables-legacy-multi")
        (self.folder / "iptables").symlink_to("/usr/sbin/xtables-legacy-multi")
        for name in self.iptables("legacy"):
            (self.folder / name).unlink()
        self.assertIn("iptables-legacy", self.redirect(*OPTIONS).stdout)

    def test_none(self):
        """without any program the error names each, and what to do"""
        outcome = self.redirect(*OPTIONS, check=False)
        self.assertEqual(outcome.returncode, 1)
        for word in ("iptables-nft-restore", "iptables-legacy-restore", "there is no nft in PATH", "install the package"):
            self.assertIn(word, outcome.stderr)

    def test_no_ip6tables(self):
        """a missing ip6tables matters only where there is an IPv6 address"""
        self.provide(*self.iptables("nft", ["ipv4"]))
        self.assertEqual(self.redirect(*OPTIONS).stdout, "IPv4 (iptables-nft): rules loaded\n")
        self.namespace.add_address("fd00::1/64", "lo")
        outcome = self.redirect(*OPTIONS, check=False)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("there is no ip6tables-nft-restore", outcome.stderr)
        self.assertEqual(self.redirect(*OPTIONS, "--ipv6=never").returncode, 0)

    def test_families(self):
        """rules for IPv6 come with an address of it, not with a link-local one, and go with it"""
        self.assertEqual(self.namespace.report(*OPTIONS)["families"], ["ipv4"])
        self.namespace.add_address("fe80::1/64", "lo")
        self.assertEqual(self.namespace.report(*OPTIONS)["families"], ["ipv4"])
        self.namespace.add_address("2001:db8::1/64", "lo")
        self.assertEqual(self.namespace.report(*OPTIONS)["families"], ["ipv4", "ipv6"])
        self.namespace.ip("addr", "del", "2001:db8::1/64", "dev", "lo")
        report = self.namespace.report(*OPTIONS)
        self.assertEqual([step["action"] for step in report["steps"]], ["unchanged", "removed"])

    def test_no_ipv6(self):
        """a namespace without IPv6 needs nothing of it"""
        namespace = Namespace(ipv6=False)
        self.addCleanup(namespace.remove)
        self.assertEqual(namespace.report(*OPTIONS)["families"], ["ipv4"])

    def test_missing_module(self):
        """where the kernel lacks a module, the next backend is taken, and asked for alone the error names the module"""
        refusal = "echo 'iptables-restore: line 2 failed: No chain/target/match by that name.' >&2; exit 1"
        self.provide("iptables-nft-restore", "ip6tables-nft-restore", instead=refusal)
        self.provide("iptables-nft-save", "ip6tables-nft-save", *self.iptables("legacy"))
        self.assertIn("iptables-legacy", self.redirect(*OPTIONS).stdout)
        outcome = self.redirect(*OPTIONS, "--backend=iptables-nft", check=False)
        self.assertEqual(outcome.returncode, 1)
        for word in ("lacks a module", "nft_compat", "xt_owner", "modprobe", "No chain/target/match"):
            self.assertIn(word, outcome.stderr)

    def test_one_missing_module(self):
        """only the kind of rule that is refused is blamed"""
        script = "input=$(/bin/cat); case $input in *uid-owner*) echo refused >&2; exit 1;; esac; exit 0"
        self.provide("iptables-nft-restore", instead=script)
        self.provide("iptables-nft-save", "ip6tables-nft-save", "ip6tables-nft-restore")
        outcome = self.redirect(*OPTIONS, "--backend=iptables-nft", check=False)
        self.assertIn("one of xt_owner;", outcome.stderr)

    def test_broken(self):
        """a program that can't be run, or is none, is as good as missing"""
        names = self.iptables("nft")
        for kind in ("no program", "a folder", "no interpreter"):
            with self.subTest(kind=kind):
                for name in names:
                    path = self.folder / name
                    if kind == "a folder":
                        path.mkdir()
                    else:
                        path.write_text("" if kind == "no program" else "#!/there/is/none\n")
                        path.chmod(0o755)
                self.provide(*self.iptables("legacy"))
                self.assertIn("iptables-legacy", self.redirect(*OPTIONS).stdout)
                outcome = self.redirect(*OPTIONS, "--backend=iptables-nft", check=False)
                self.assertEqual(outcome.returncode, 1)
                reason = "there is no ip" if kind == "a folder" else "iptables-nft-save can't be run"
                self.assertIn(reason, outcome.stderr)
                outcome = self.redirect("--cleanup")
                self.assertIn("rules removed", outcome.stdout)
                self.assertIn("iptables-nft could not be looked at", outcome.stderr)
                for path in self.folder.iterdir():
                    path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()

    def test_other_user(self):
        """a user with the capabilities who can't see legacy rules does not load them again and again"""
        rights = ["--inh-caps=+net_admin,+net_raw", "--ambient-caps=+net_admin,+net_raw", "--clear-groups"]
        as_user = ["setpriv", "--reuid=1000", "--regid=1000", *rights, AMESH, "redirect"]
        for backend in ("iptables-nft", "nft"):
            for expected in ("rules loaded", "as they should be"):
                outcome = self.namespace.run(*as_user, f"--backend={backend}", *OPTIONS)
                self.assertIn(expected, outcome.stdout)
            outcome = self.namespace.run(*as_user, "--cleanup")
            self.assertIn("rules removed", outcome.stdout)
            self.assertIn("iptables-legacy could not be looked at", outcome.stderr)
        outcome = self.namespace.run(*as_user, "--backend=iptables-legacy", *OPTIONS, check=False)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("run as root", outcome.stderr)

    def test_half(self):
        """a family that is refused leaves the other without rules too"""
        self.namespace.add_address("fd00::1/64", "lo")
        self.provide("ip6tables-nft-restore", instead="echo refused >&2; exit 1")
        self.provide("iptables-nft-restore", "iptables-nft-save", "ip6tables-nft-save")
        before = self.namespace.everything()
        self.assertEqual(self.redirect(*OPTIONS, check=False).returncode, 1)
        self.assertEqual(self.namespace.everything(), before)

    def test_capabilities(self):
        """it runs with NET_ADMIN and NET_RAW alone, on a file system that can't be written, with every backend"""
        script = (
            "for d in / /tmp /run /dev/shm; do mount --bind $d $d && mount -o remount,ro,bind $d; done; shift;"
            ' exec setpriv --bounding-set=-all,+net_admin,+net_raw --inh-caps=-all'
            ' --ambient-caps=-all --no-new-privs -- "$@"'
        )
        self.namespace.add_address("fd00::1/64", "lo")
        for backend in ("iptables-nft", "iptables-legacy", "nft"):
            with self.subTest(backend=backend):
                confined = ["unshare", "-m", "sh", "-c", script, "sh", "x"]
                for expected in ("rules loaded", "as they should be"):
                    outcome = self.namespace.run(*confined, AMESH, "redirect", "--backend", backend, *OPTIONS)
                    self.assertEqual(outcome.stdout.count(expected), 2, outcome.stdout)
                outcome = self.namespace.run(*confined, AMESH, "redirect", "--cleanup")
                self.assertEqual(outcome.stdout.count("rules removed"), 2)

    def test_no_capability(self):
        """without NET_ADMIN the error says so"""
        confined = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-all"]
        for backend in ("iptables-nft", "iptables-legacy", "nft"):
            outcome = self.namespace.run(*confined, AMESH, "redirect", "--backend", backend, *OPTIONS, check=False)
            self.assertEqual(outcome.returncode, 1)
            self.assertIn("NET_ADMIN", outcome.stderr, backend)

    def test_lock(self):
        """a lock that someone else holds on the node's file does not stop it"""
        holder = ["flock", "/run/xtables.lock"]
        outcome = self.namespace.run(*holder, AMESH, "redirect", "--backend=iptables-legacy", *OPTIONS)
        self.assertIn("rules loaded", outcome.stdout)

    def test_aliases(self):
        """the flags of Amesh's first init program mean what they meant"""
        first = [
            "--apisix-user=99", "--apisix-inbound-capture-port=9081", "--apisix-port=9080", "--inbound-ports=*",
            "--outbound-ports=*", "--inbound-exclude-ports=22", "--outbound-exclude-ports=15010,15810",
            "--inbound-interception-mode=REDIRECT",
        ]  # fmt: skip
        now = [
            "--proxy-uid=99", "--inbound-port=9081", "--outbound-port=9080", "--inbound-ports=*", "--outbound-ports=*",
            "--exclude-inbound-ports=22", "--exclude-outbound-ports=15010,15810",
        ]  # fmt: skip
        self.namespace.redirect(*first)
        report = self.namespace.report(*now)
        self.assertEqual([step["action"] for step in report["steps"]], ["unchanged"])
        self.assertEqual(len(report["warnings"]), 2)

    def test_refused_flags(self):
        """flags that can't be meant are refused with a cure, before anything is done"""
        bad = {
            "--inbound-ports=80,": "8080,9000-9010",
            "--inbound-ports=0": "8080,9000-9010",
            "--inbound-ports=080": "8080,9000-9010",
            "--outbound-ports=9-8": "8080,9000-9010",
            "--outbound-ports=65536": "8080,9000-9010",
            "--outbound-ports=80;reboot": "8080,9000-9010",
            "--include-outbound-cidrs=10.0.0.0/33": "10.0.0.0/8",
            "--exclude-outbound-cidrs=10.0.0": "10.0.0.0/8",
            "--exclude-interfaces=eth0\n-j ACCEPT": "eth1,net+",
            "--exclude-interfaces=+": "eth1,net+",
            "--exclude-uids=nobody": "999,1001",
            "--exclude-gids=4294967295": "999,1001",
            "--proxy-uid=0": "run it as another",
            "--proxy-uid=nobody": "names mean others",
            "--inbound-port=19080": "a port of its own",
            "--mtls-port=15020": "a port of its own",
            "--inbound-interception-mode=TPROXY": "only REDIRECT",
        }
        before = self.namespace.everything()
        for flag, cure in bad.items():
            with self.subTest(flag=flag):
                outcome = self.namespace.redirect(flag, check=False)
                self.assertEqual(outcome.returncode, 64)
                self.assertIn(cure, outcome.stderr)
        outcome = self.namespace.redirect("--dry-run", "--cleanup", check=False)
        self.assertEqual(outcome.returncode, 64)
        self.assertEqual(self.namespace.everything(), before)
