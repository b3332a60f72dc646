"""Runs that meet each other, and runs that are killed: whatever happens, the rules are those of one run."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from kernel.namespace import AMESH, BACKENDS, SECONDS, Namespace, run

OPTIONS = ["--inbound-ports=8080,9000-9010", "--outbound-ports=80", "--drop-invalid"]
OTHERS = ["--inbound-ports=8080", "--outbound-ports=80,443"]
HOLDER = """
import socket, sys
lock = socket.socket(socket.AF_UNIX)
lock.bind("\\0amesh-redirect")
lock.listen()
print("held", flush=True)
lock.accept()
print("somebody waits", flush=True)
sys.stdin.read()
"""
# Kills who called it, before or after it does what it is there for.
KILLER = """#!/bin/sh
calls=$(/bin/cat {folder}/calls); echo $((calls + 1)) > {folder}/calls
if [ "$calls" = {wanted} ] && [ {when} = before ]; then kill -9 $PPID; {pause}; fi
{program} "$@"
status=$?
if [ "$calls" = {wanted} ] && [ {when} = after ]; then kill -9 $PPID; fi
exit $status
"""


class Interruptions(unittest.TestCase):
    longMessage = True

    def namespace(self):
        namespace = Namespace()
        self.addCleanup(namespace.remove)
        namespace.add_address("fd00::1/64", "lo")
        return namespace

    def start(self, namespace, *command, **options):
        process = subprocess.Popen(
            namespace.command(*command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def killers(self, folder, backend, wanted, when, pause=":"):
        """Programs that kill a run as it makes its call of that number."""
        (folder / "calls").write_text("0")
        names = ["nft"] if backend == "nft" else [
            f"{table}-{backend.removeprefix('iptables-')}-{verb}"
            for table in ("iptables", "ip6tables") for verb in ("restore", "save")
        ]  # fmt: skip
        for name in names:
            program = run("sh", "-c", f"command -v {name}").stdout.strip()
            script = KILLER.format(folder=folder, wanted=wanted, when=when, pause=pause, program=program)
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)

    def folder(self):
        holder = tempfile.TemporaryDirectory(prefix="redirect-")
        self.addCleanup(holder.cleanup)
        return pathlib.Path(holder.name)

    def test_together(self):
        """of runs at the same moment each succeeds, and the rules are those of one of them"""
        for backend in [*BACKENDS, "auto"]:
            with self.subTest(backend=backend):
                namespace = self.namespace()
                before = namespace.everything()
                asked = [["--backend", backend, f"--outbound-ports={port}", *OPTIONS[:1]] for port in range(81, 85)]
                alone = []
                for flags in asked:
                    namespace.redirect(*flags)
                    alone.append(namespace.everything())
                    namespace.redirect("--cleanup")
                for _ in range(4):
                    runs = [self.start(namespace, AMESH, "redirect", *flags) for flags in asked]
                    for each in runs:
                        output, _ = each.communicate(timeout=SECONDS)
                        self.assertEqual(each.returncode, 0, output)
                    self.assertIn(namespace.everything(), alone)
                    runs = [self.start(namespace, AMESH, "redirect", "--cleanup") for _ in range(2)]
                    for each in runs:
                        output, _ = each.communicate(timeout=SECONDS)
                        self.assertEqual(each.returncode, 0, output)
                    self.assertEqual(namespace.everything(), before)

    def test_verified_together(self):
        """runs at the same moment that verify do not take each other's probes"""
        namespace = self.namespace()
        flags = ["--verify", *OPTIONS]
        runs = [self.start(namespace, AMESH, "redirect", *flags) for _ in range(3)]
        for each in runs:
            output, _ = each.communicate(timeout=SECONDS)
            self.assertEqual(each.returncode, 0, output)

    def test_waits(self):
        """a run waits for another one to end, and a dry run does not"""
        namespace = self.namespace()
        before = namespace.everything()
        holder = self.start(namespace, "python3", "-c", HOLDER, stdin=subprocess.PIPE)
        self.assertEqual(holder.stdout.readline(), "held\n")
        namespace.redirect("--dry-run", *OPTIONS)
        waiting = self.start(namespace, AMESH, "redirect", *OPTIONS)
        self.assertEqual(holder.stdout.readline(), "somebody waits\n")
        self.assertEqual(namespace.everything(), before)
        holder.stdin.close()
        output, _ = waiting.communicate(timeout=SECONDS)
        self.assertEqual(waiting.returncode, 0, output)
        self.assertEqual(output.count("rules loaded"), 2, output)

    def test_killed(self):
        """a run that is killed as it calls any program is made good by the next one, and nothing of it stays"""
        for backend in BACKENDS:
            namespace = self.namespace()
            before = namespace.everything()
            namespace.redirect("--backend", backend, *OTHERS)
            right = namespace.everything()
            for old in ([], OPTIONS):
                for when in ("before", "after"):
                    ended = False
                    for wanted in range(20):
                        with self.subTest(backend=backend, call=wanted, when=when, old=old):
                            namespace.redirect("--cleanup")
                            if old:
                                namespace.redirect("--backend", backend, *old)
                            folder = self.folder()
                            self.killers(folder, backend, wanted, when)
                            path = f"PATH={folder}:{os.environ['PATH']}"
                            command = ["env", path, AMESH, "redirect", "--backend", backend, *OTHERS]
                            ended = namespace.run(*command, check=False).returncode == 0
                            namespace.redirect("--backend", backend, *OTHERS)
                            self.assertEqual(namespace.everything(), right)
                        if ended:
                            # There was no such call.
                            break
                    self.assertTrue(ended, "it makes more calls")
            namespace.redirect("--cleanup")
            self.assertEqual(namespace.everything(), before)

    def test_orphans(self):
        """what a killed run has called ends before the next run looks"""
        for backend in BACKENDS:
            with self.subTest(backend=backend):
                namespace, folder = self.namespace(), self.folder()
                namespace.redirect("--backend", backend, *OTHERS)
                right = namespace.everything()
                namespace.redirect("--cleanup")
                gate = folder / "gate"
                os.mkfifo(gate)
                path = f"PATH={folder}:{os.environ['PATH']}"
                halfway = ["--backend", backend, *OPTIONS, "--ipv6=never"]
                # The last call is the one that loads rules of IPv6.
                namespace.redirect(*halfway)
                self.killers(folder, backend, -1, "before")
                namespace.run("env", path, AMESH, "redirect", "--backend", backend, *OPTIONS)
                calls = int((folder / "calls").read_text())
                namespace.redirect("--cleanup")
                namespace.redirect(*halfway)
                self.killers(folder, backend, calls - 1, "before", pause=f"read line < {gate}")
                killed = self.start(namespace, "env", path, AMESH, "redirect", "--backend", backend, *OPTIONS)
                self.assertEqual(killed.wait(SECONDS), -9)
                following = self.start(namespace, AMESH, "redirect", "--backend", backend, *OTHERS)
                connect = "import socket; socket.socket(socket.AF_UNIX).connect('\\0amesh-redirect')"
                namespace.run("python3", "-c", connect)
                with open(gate, "w", encoding="ascii") as opened:
                    opened.write("on\n")
                output, _ = following.communicate(timeout=SECONDS)
                self.assertEqual(following.returncode, 0, output)
                self.assertEqual(namespace.everything(), right)
