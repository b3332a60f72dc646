"""Two replicas of the installed control plane, and what the API server and workloads reach them by."""

import contextlib
import os
import pathlib
import ssl
import sys
import tempfile

from peers.process import LOOPBACK, Child, free_port, wait_until

from . import balancer
from .account import NAMESPACE, write_kubeconfig
from .replica import Replica

# A leaf of a workload or of our own servers, an issuing certificate, and how far clocks may be apart: as short as they may
# be, so that certificates are renewed and roots rotate within a test.
LEAF, INTERMEDIATE, SKEW = 20, 80, 1
# What others wait before they take the lead from one that is not heard of.
LEASE_SECONDS = 15
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/amesh-leader"
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/amesh-sidecar-injector"


class Mesh:
    """As a context: both replicas are ready and the webhooks trust them. The first of `replicas` was started first."""

    def __init__(self, server, *, revision="default", count=2, **settings):
        self.server = server
        self._suffix = "" if revision == "default" else f"-{revision}"
        self._count = count
        self._settings = {
            "identity.leaf.lifetimeSeconds": LEAF,
            "identity.leaf.maximumSeconds": LEAF,
            "identity.intermediateLifetimeSeconds": INTERMEDIATE,
            "identity.clockSkewSeconds": SKEW,
            "identity.root.rotation": "manual",
            **settings,
        }
        self.webhooks = WEBHOOKS + self._suffix
        self.replicas = []
        self._frozen = None
        # Of the balancer, for workloads.
        self.port = free_port()
        # Likewise, for their plugins.
        self.plugin_port = free_port()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            # Short: the path of a Unix socket has 107 bytes at most.
            self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="e2e-")))
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *problem):
        if problem[0]:
            for replica in self.replicas:
                print(f"    the last that {replica.name} says:\n{replica.child.output(8)}", flush=True)
        self._stack.close()

    def _start(self, stack):
        installed = self.server.get(f"/api/v1/namespaces/{NAMESPACE}/configmaps/amesh{self._suffix}")
        self.configuration = self.folder / "mesh.yaml"
        self.configuration.write_text(installed["data"]["mesh.yaml"], encoding="utf-8")
        kubeconfig = write_kubeconfig(self.server, self.folder, f"amesh{self._suffix}")
        for number in range(1, self._count + 1):
            replica = Replica(
                self.folder, f"replica{self._suffix}-{number}", kubeconfig, self.configuration, self._settings
            )
            stack.callback(replica.stop)
            self.replicas.append(replica)
        self._balance(stack)
        for replica in self.replicas:
            replica.start()
        for replica in self.replicas:
            replica.wait_until_ready()
        wait_until(self.is_trusted, 30, "the webhooks trust the mesh")
        wait_until(self._is_open, 10, "the balancer lets callers through")

    def _balance(self, stack):
        self._webhook_port = int(os.environ["CANARY_WEBHOOK_PORT" if self._suffix else "WEBHOOK_PORT"])
        arguments = [self._webhook_port, *(f"{each.admin_port}:{each.webhook_port}" for each in self.replicas), "--"]
        arguments += [self.port, *(f"{each.admin_port}:{each.port}" for each in self.replicas), "--"]
        arguments += [self.plugin_port, *(f"{each.admin_port}:{each.plugin_port}" for each in self.replicas)]
        child = Child(f"balancer{self._suffix}", [sys.executable, balancer.__file__, *arguments], self.folder)
        stack.callback(child.stop)

    def _is_open(self):
        try:
            return [ssl.get_server_certificate((LOOPBACK, port), timeout=5) for port in (self._webhook_port, self.port)]
        except OSError:
            return None

    # For peers.calling, by way of the balancer

    @property
    def bundle_file(self):
        """What a Pod has mounted: the bundle as it is published now."""
        if self._frozen:
            return self._frozen
        path = self.folder / "amesh-root.pem"
        path.write_text(self.bundle(), encoding="utf-8")
        return path

    def freeze(self, path):
        """Has workloads go by that file from now on; None: by what is published."""
        self._frozen = path

    # What is in the cluster

    def bundle(self, namespace=NAMESPACE):
        """The roots that a namespace has; None where it has no ConfigMap of ours."""
        status, found = self.server.request("GET", f"/api/v1/namespaces/{namespace}/configmaps/amesh-root")
        return found["data"].get("root-cert.pem") if status == 200 and "data" in found else None

    def ca_bundles(self):
        """The caBundle of each webhook, base64, None where it has none."""
        return [each["clientConfig"].get("caBundle") for each in self.server.get(self.webhooks)["webhooks"]]

    def is_trusted(self):
        return all(self.ca_bundles())

    def lease(self):
        status, found = self.server.request("GET", LEASE)
        return found["spec"] if status == 200 else {}

    def holder(self):
        return self.lease().get("holderIdentity") or None

    def leader(self):
        """The replica that leads by its own word and by the Lease's."""
        leading = [each for each in self.replicas if self.leads(each)]
        if len(leading) > 1:
            raise AssertionError(f"{len(leading)} lead at once")
        return leading[0] if leading else None

    def leads(self, replica):
        holder = self.holder()
        return any(
            line.get("message") == "This replica leads now" and line.get("replica") == holder for line in replica.lines()
        )

    def other(self, replica):
        (other,) = (each for each in self.replicas if each is not replica)
        return other
