"""Two Pods with real sidecars, `web` and `cart`, in network namespaces of their own; an identity server of the tests."""

import http.client
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest

from peers.process import free_port, wait_until

from .ads import ADSServer
from .identity import IdentityServer, make_key, workload
from .mutual import IMPOSTOR, IMPOSTOR_PORT, MUTUAL_PORT, SERVICE, inbound, outbound
from .other import Other
from .sidecar import OUTSIDE, POD, Pod, run


class TwoSidecars(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="mtls-")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        cls.pod = Pod(cls.folder, [f"{OUTSIDE}:8080", f"{SERVICE}:80"], [IMPOSTOR])
        cls.addClassCleanup(cls.pod.stop)
        cls.pod.there(lambda: cls.pod.serve("127.0.0.1:8080"))
        cls.pod.there(cls.redirect_other)
        identity_port = free_port()
        cls.identity = IdentityServer(f"0.0.0.0:{identity_port}")
        cls.addClassCleanup(cls.identity.stop)
        cls.identity.set_workload(OUTSIDE, workload("cart"))
        cls.identity.set_workload(IMPOSTOR, workload("pay", mtls_port=IMPOSTOR_PORT))
        cls.ads = ADSServer()
        cls.addClassCleanup(cls.ads.stop)
        cls.ads.set(*outbound())
        others = []
        cls.pod.there(lambda: others.append(ADSServer()))
        cls.other_ads = others[0]
        cls.addClassCleanup(cls.other_ads.stop)
        cls.other_ads.set(*inbound())
        common = {
            "AMESH_MTLS": "permissive", "AMESH_INBOUND_PORTS": "8080", "AMESH_TRUST_DOMAIN": "cluster.local",
            "AMESH_SDS_SOURCE": f"https://{POD}:{identity_port}", "AMESH_SDS_SERVER_NAME": "amesh.test",
            "AMESH_TOKEN_FILE": "/var/run/amesh/token", "AMESH_ROOT_CERT_FILE": "/var/run/amesh/root.pem",
            "AMESH_LOG_LEVEL": "warn",
        }  # fmt: skip
        cls.other = Other(cls.pod, cls.run_folder("other", "cart"))
        cls.addClassCleanup(cls.other.stop)
        cls.other_environment = common | {
            "AMESH_XDS_SOURCE": cls.other_ads.address, "POD_NAME": "cart", "POD_NAMESPACE": "shop", "POD_IP": OUTSIDE,
        }  # fmt: skip
        cls.other.start(**cls.other_environment)
        cls.pod.prepare({"token": b"web", "root.pem": cls.identity.tls_root.pem})
        cls.pod.start(cls.ads.address, **common)
        try:
            wait_until(lambda: cls.call().status == 200, 20, "the other Pod is reached")
        except TimeoutError as problem:
            answer = cls.call()
            said = f"{answer.status} {answer.body}\n{cls.pod.logs()[-2000:]}\nthe other Pod:\n{cls.other.logs()[-2000:]}"
            raise AssertionError(f"{problem}\n{said}") from None

    @classmethod
    def run_folder(cls, name, account):
        folder = cls.folder / name
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
        (folder / "token").write_text(account)
        (folder / "root.pem").write_bytes(cls.identity.tls_root.pem)
        return folder

    @staticmethod
    def redirect_other():
        run(os.environ["AMESH"], "redirect", "--outbound-ports", "80", "--inbound-ports", "8080")

    def restart_other(self, clock=0, **environment):
        self.other.stop()
        self.other.start(clock, **(self.other_environment | environment))
        wait_until(lambda: self.call().status == 200, 20, "the other Pod is reached again")

    @classmethod
    def call(cls, path="/", **headers):
        return cls.pod.get(f"http://{SERVICE}{path}", **headers)

    def secured(self):
        documents = json.loads(self.pod.get("http://127.0.0.1:15021/debug/status").body)
        return documents["mtls"]

    def direct(self, port=8080, certificate=None, *options):
        """To the other Pod's 19443, as a client of one's own: (status, what the application saw)."""
        command = ["curl", "-sk", "--max-time", "10", "-o", "-", "-w", "\n%{http_code}", *options]
        if port is not None:
            command += ["-H", f"x-amesh-port: {port}"]
        if certificate:
            command += ["--cert", certificate[0], "--key", certificate[1]]
        done = subprocess.run([*command, f"https://{OUTSIDE}:{MUTUAL_PORT}/"], capture_output=True, text=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def client(self, authority=None, account="web", **options):
        key, pem = make_key()
        chain = (authority or self.identity.authority).issue_to(key.public_key(), account, **options)
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (folder / "crt").write_bytes(chain)
        (folder / "key").write_bytes(pem)
        return str(folder / "crt"), str(folder / "key")

    def settle(self):
        """Until another certificate has gone through: what was pushed before is in use then."""
        before = len(self.identity.issued)
        wait_until(lambda: len(self.identity.issued) >= before + 4, 60, "more leaves")

    def load(self):
        return Load(self)


class Load:
    """Requests all the while; what fails is listed."""

    def __init__(self, case):
        self.case = case
        self.failures = []
        self.count = 0
        self.ends = threading.Event()

    def __enter__(self):
        self.threads = [threading.Thread(target=self.run) for _ in range(4)]
        for thread in self.threads:
            thread.start()
        return self.failures

    def run(self):
        while not self.ends.is_set():
            try:
                status = self.case.call().status
                if status != 200:
                    self.failures.append(status)
            except (OSError, http.client.HTTPException) as problem:
                self.failures.append(f"{type(problem).__name__}: {problem}")
            self.count += 1

    def __exit__(self, *_):
        self.ends.set()
        for thread in self.threads:
            thread.join()
        if self.count < 50:
            self.failures.append(f"only {self.count} requests")
        print(f"{self.count} requests under load")
