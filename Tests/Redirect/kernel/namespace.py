"""A network namespace that a test makes and that ends with it."""

import atexit
import itertools
import json
import os
import re
import subprocess

_numbers = itertools.count()
AMESH = os.environ.get("AMESH", "amesh")
# What takes longer hangs, on a busy machine too.
SECONDS = 300
BACKENDS = ["iptables-nft", "iptables-legacy", "nft"]
# How iptables' programs are called for each family.
TABLES = {"ipv4": "iptables", "ipv6": "ip6tables"}


def run(*command, check=True, **options):
    outcome = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=SECONDS, **({} if "input" in options else {"stdin": subprocess.DEVNULL}), **options
    )
    if check and outcome.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {outcome.returncode}\n{outcome.stdout}{outcome.stderr}")
    return outcome


class Namespace:
    def __init__(self, ipv6=True):
        self.name = f"amesh-test-{os.getpid()}-{next(_numbers)}"
        run("ip", "netns", "add", self.name)
        # Should the test not come to it.
        atexit.register(run, "ip", "netns", "del", self.name, check=False)
        self.run("sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=0")
        if not ipv6:
            self.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        self.ip("link", "set", "lo", "up")

    def remove(self):
        run("ip", "netns", "del", self.name)

    def ip(self, *words):
        run("ip", "-n", self.name, *words)

    def command(self, *words):
        return ["ip", "netns", "exec", self.name, *map(str, words)]

    def run(self, *words, **options):
        return run(*self.command(*words), **options)

    def add_address(self, address, device):
        # Duplicates are not looked for: nobody else is there.
        extra = ["nodad"] if ":" in address else []
        self.ip("addr", "add", address, "dev", device, *extra)

    def redirect(self, *flags, check=True, **options):
        return self.run(AMESH, "redirect", *flags, check=check, **options)

    def report(self, *flags, **options):
        return json.loads(self.redirect(*flags, "--output", "json", **options).stdout)

    # --- what the kernel says ----------------------------------------------------------------------------------------

    def saved(self, backend, family):
        """All rules of iptables, without counters and remarks; for legacy only where the kernel has tables of it."""
        if backend == "iptables-legacy":
            names = "/proc/net/ip_tables_names" if family == "ipv4" else "/proc/net/ip6_tables_names"
            if not self.run("cat", names, check=False).stdout:
                return []
        suffix = "nft" if backend == "iptables-nft" else "legacy"
        text = self.run(f"{TABLES[family]}-{suffix}-save").stdout
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return [line.rsplit(" [", 1)[0] if line.startswith(":") else line for line in lines]

    def everything(self):
        """All rules of all backends, as one comparable thing. Tables that hold nothing do not count."""
        seen = {}
        for backend in ("iptables-nft", "iptables-legacy"):
            for family in TABLES:
                seen[backend, family] = without_empty_tables(self.saved(backend, family))
        listed = self.run("nft", "list", "tables").stdout.splitlines()
        for line in sorted(listed):
            _, family, name = line.split()
            if name not in ("raw", "mangle", "nat", "filter", "security"):
                seen["nft", family, name] = self.run("nft", "list", "table", family, name).stdout
        return seen


def without_empty_tables(lines):
    """Of tables with neither rules nor chains of anybody's nothing is left."""
    kept, table = [], []
    for line in lines:
        table.append(line)
        if line == "COMMIT":
            if any(each.startswith("-A") or each.endswith(" -") for each in table):
                kept += table
            table = []
    return kept


def ours(lines):
    """What of a save is ours, as a set of tables, chains and rules with the order within chains."""
    chains, entries, table = {}, [], None
    for line in lines:
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith(":AMESH_"):
            chains.setdefault((table, line[1:].split()[0]), [])
        elif line.startswith("-A AMESH_"):
            _, chain, rule = line.split(" ", 2)
            chains.setdefault((table, chain), []).append(rule)
        elif re.search(r"-[jg] AMESH_\w+$", line):
            entries.append((table, line))
    return chains, sorted(entries)
