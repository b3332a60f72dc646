"""A Pod: an object in the cluster, which the webhook has seen, and a network that its init container has redirected."""

import os
import pathlib

from meshed.pods import pod
from meshed.workload import pod_token

from .application import Application
from .network import Network

NAMESPACE = "amesh-e2e-mesh"
TRUST_DOMAIN = "cluster.local"
PREFIX = "amesh.apisix.apache.org/"
# Whatever a test's services listen on; the mesh itself captures what is called HTTP.
OUTBOUND = "80-99"


def spiffe_id(account):
    return f"spiffe://{TRUST_DOMAIN}/ns/{NAMESPACE}/sa/{account}"


class Pod:
    """Its ServiceAccount has its name. Without `meshed` it has no sidecar. `ports` are those that it declares; where it is no
    HTTP server, somebody else `serves`."""

    def __init__(self, server, folder, name, *addresses, meshed=True, ports=(8080,), serves=None, **annotations):
        self.server, self.name, self.addresses = server, name, addresses
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.folder.chmod(0o755)
        server.make_account(NAMESPACE, name)
        described = pod(
            name,
            serviceAccountName=name,
            labels={} if meshed else {PREFIX + "inject": "false"},
            annotations={
                PREFIX + "include-outbound-ports": OUTBOUND,
                **{PREFIX + key.replace("_", "-"): value for key, value in annotations.items()},
            },
        )
        (app,) = described["spec"]["containers"]
        app["ports"] = [{"name": f"http-{port}", "containerPort": port} for port in ports]
        self.created = server.create_pod(NAMESPACE, described)
        self.network = Network(name, *addresses)
        self.assign(*addresses)
        (self.folder / "token").write_text(pod_token(server, self.created), encoding="utf-8")
        if meshed:
            self.network.run(os.environ["AMESH"], *self._container("amesh-init")["args"])
        self.application = Application(self.network, ports if serves is None else serves)

    def assign(self, *addresses):
        """As a kubelet tells of it."""
        status, answer = self.server.request(
            "PATCH",
            f"/api/v1/namespaces/{NAMESPACE}/pods/{self.name}/status",
            {"status": {"phase": "Running", "podIP": addresses[0], "podIPs": [{"ip": each} for each in addresses]}},
            # A strategic one would keep the address before.
            "application/merge-patch+json",
        )
        if status != 200:
            raise RuntimeError(f"the status of {self.name}: {answer.get('message')}")

    def bundle(self, pem):
        """As the kubelet brings the ConfigMap up to date: at once, or not at all."""
        new = self.folder / "roots.new"
        new.write_text(pem, encoding="utf-8")
        new.replace(self.folder / "roots.pem")

    def environment(self):
        """Of the sidecar, as it was injected."""
        fields = {
            "metadata.name": self.name, "metadata.namespace": NAMESPACE, "spec.serviceAccountName": self.name,
            "spec.nodeName": "node", "status.podIP": self.addresses[0], "status.podIPs": ",".join(self.addresses),
        }  # fmt: skip
        variables = {}
        for each in self._container("amesh-proxy")["env"]:
            source = each.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
            if "valueFrom" not in each or source in fields:
                variables[each["name"]] = fields[source] if source else each.get("value", "")
        return variables

    def _container(self, name):
        spec = self.created["spec"]
        return next(each for each in [*spec.get("initContainers", []), *spec["containers"]] if each["name"] == name)
