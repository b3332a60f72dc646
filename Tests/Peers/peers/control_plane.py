"""amesh serve, as a process of its own with a state directory of its own."""

import http.client
import json
import os
import pathlib
import subprocess

from .process import LOOPBACK, Child, free_port
from .tokens import AUDIENCE, ISSUER, TokenSigner, static_token

TRUST_DOMAIN = "peers.example"


def executable():
    """Where hack/check-peers says that the executable is."""
    return pathlib.Path(os.environ["AMESH"])


def identity(account, namespace="shop"):
    return f"spiffe://{TRUST_DOMAIN}/ns/{namespace}/sa/{account}"


class CommandRefused(Exception):
    """With what the command said."""


class ControlPlane:
    """Accounts have a static token each; tokens of a cluster come from the signers."""

    def __init__(self, folder, accounts=(), **settings):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.port = free_port()
        self.admin_port = free_port()
        self.static_tokens = {account: static_token() for account in accounts}
        self.signers = {algorithm: TokenSigner(algorithm) for algorithm in ("ES256", "RS256")}
        self._starts = 0
        self.child = None
        tokens = {}
        if self.static_tokens:
            listed = [{"token": t, "identity": identity(a)} for a, t in self.static_tokens.items()]
            tokens["staticFile"] = str(self._write("tokens.json", {"tokens": listed}))
        keys = [signer.jwk() for signer in self.signers.values()]
        tokens |= {"keysFile": str(self._write("keys.json", {"keys": keys})), "issuer": ISSUER, "audiences": [AUDIENCE]}
        self._configuration = self._write(
            "mesh.yaml",
            {
                "apiVersion": "amesh.apisix.apache.org/v1alpha1",
                "kind": "MeshConfig",
                "mesh": {"trustDomain": TRUST_DOMAIN},
                "server": {"webhook": {"port": free_port()}, "admin": {"port": self.admin_port}},
                "identity": {"port": self.port, "tokens": tokens, **settings},
            },
        )

    def _write(self, name, content):
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
        return path

    # Life

    def start(self):
        self._starts += 1
        self.child = Child(
            f"amesh-{self._starts}",
            [executable(), "serve", "--config", self._configuration, "--state-directory", self.state],
            self.folder,
        )
        self.child.wait_until(self._is_ready, 30, "ready")
        return self

    def _is_ready(self):
        connection = http.client.HTTPConnection(LOOPBACK, self.admin_port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def crash_and_restart(self):
        self.child.kill()
        self.start()

    def stop(self):
        if self.child:
            self.child.stop()

    def command(self, *arguments):
        """Runs `amesh ca …` against this process, and gives back what it prints."""
        result = subprocess.run(
            [executable(), "ca", *arguments, "--state-directory", self.state],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
        )
        if result.returncode != 0:
            raise CommandRefused(f"amesh ca {' '.join(arguments)}: {result.stdout}{result.stderr}")
        return result.stdout

    # What it gives out

    @property
    def socket(self):
        return self.state / "identity.sock"

    @property
    def bundle_file(self):
        """The roots in PEM, for clients that have to verify the server."""
        return self.state / "identity" / "root-cert.pem"

    def audit(self):
        lines = (self.state / "audit.log").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def metric(self, name, **labels):
        """The sum of the samples of that name that have these labels."""
        connection = http.client.HTTPConnection(LOOPBACK, self.admin_port, timeout=5)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        total = 0.0
        for line in text.splitlines():
            sample, _, value = line.rpartition(" ")
            if sample.partition("{")[0] == name and all(label in sample for label in wanted):
                total += float(value)
        return total

    # Callers

    def service_account_token(self, account, algorithm="ES256", namespace="shop", **changes):
        return self.signers[algorithm].token(namespace, account, **changes)
