"""`amesh serve` as a part of the cluster, configured by what the manifests have installed."""

import http.client
import json
import os
import pathlib
import subprocess
import time

from peers.process import LOOPBACK, Child, free_port

from .account import NAMESPACE


# What the ConfigMap of manifests/plugins holds.
SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "manifests" / "plugins" / "schemas.json"


class Refused(Exception):
    """With what the command said."""


class Replica:
    """One process with a state directory of its own; started again it is a new one, as a Pod's successor is."""

    def __init__(self, folder, name, kubeconfig, configuration, settings):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.webhook_port, self.port, self.admin_port = free_port(), free_port(), free_port()
        self.plugin_port = free_port()
        self._kubeconfig = kubeconfig
        self._starts = 0
        self.state = None
        self.child = None
        # The manifests' own configuration; what follows is only where it listens, and lives that fit a test.
        self._arguments = ["--config", configuration]
        for key, value in {
            "server.webhook.address": LOOPBACK,
            "server.admin.address": LOOPBACK,
            "identity.address": LOOPBACK,
            "plugins.address": LOOPBACK,
            "plugins.schemaFile": SCHEMAS,
            "server.webhook.names": LOOPBACK,
            "identity.names": f"localhost,{LOOPBACK}",
            "server.shutdown.delaySeconds": 1,
            "identity.auditFile": "audit.log",
            **settings,
        }.items():
            self._arguments += ["--set", f"{key}={value}"]

    def start(self):
        self._starts += 1
        self.state = self.folder / f"{self.name}-{self._starts}"
        self.child = Child(
            f"{self.name}-{self._starts}.serve",
            [
                *(os.environ["AMESH"], "serve", *self._arguments),
                *("--webhook-port", self.webhook_port, "--identity-port", self.port),
                *("--plugin-port", self.plugin_port),
                *("--admin-port", self.admin_port, "--state-directory", self.state),
            ],
            self.folder,
            {"KUBECONFIG": str(self._kubeconfig), "POD_NAME": self.name, "POD_NAMESPACE": NAMESPACE},
        )
        return self

    def wait_until_ready(self, seconds=30):
        return self._wait(lambda status, _: status == 200, seconds, "ready")

    def wait_until_well(self, seconds):
        """Ready, without a but."""
        return self._wait(lambda _, text: text == "ready\n", seconds, "well")

    def _wait(self, condition, seconds, what):
        """What was said until then, and until when."""
        began, told = time.monotonic(), {}

        def is_so():
            status, text = self.ready()
            told[text.strip()] = time.monotonic() - began
            return condition(status, text)

        try:
            self.child.wait_until(is_so, seconds, what)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{told}") from None
        return told

    def stop(self):
        if self.child:
            self.child.stop()

    # What it says

    def get(self, path):
        connection = http.client.HTTPConnection(LOOPBACK, self.admin_port, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def ready(self):
        """(status, text); status 0 while nobody answers."""
        try:
            return self.get("/readyz")
        except OSError as error:
            return 0, str(error)

    def metric(self, name, **labels):
        """The sum of the samples of that name that have these labels."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            sample, _, value = line.rpartition(" ")
            if sample.partition("{")[0] == name and all(label in sample for label in wanted):
                total += float(value)
        return total

    def log(self):
        return self.child.log.read_text(encoding="utf-8", errors="replace")

    def lines(self):
        """Of the log, which is JSON but for what a process says that can't start."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def ca(self, *arguments):
        """`amesh ca …` on its socket: what it prints."""
        result = subprocess.run(
            [os.environ["AMESH"], "ca", *arguments, "--state-directory", self.state],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )
        if result.returncode != 0:
            raise Refused(f"amesh ca {' '.join(arguments)}: {result.stdout}{result.stderr}")
        return result.stdout

    # For peers.calling

    @property
    def socket(self):
        return self.state / "identity.sock"

    @property
    def bundle_file(self):
        return self.state / "identity" / "root-cert.pem"
