"""What others break is mended: caBundle and trust bundle."""

import base64
import time

from api_server import RefusedPod
from peers.certificates import ForeignAuthority, pem
from peers.process import wait_until

from .account import NAMESPACE
from .pods import ENABLED, pod

# Of one look at a watch's event; a second try after a conflict takes longer.
SECONDS = 10


def repairs(checks, server, mesh, namespace):
    right = mesh.ca_bundles()
    bundle = mesh.bundle()
    path = f"/api/v1/namespaces/{namespace}/configmaps/amesh-root"

    def timed(title, break_it, is_mended):
        with checks(title):
            break_it()
            began = time.monotonic()
            wait_until(is_mended, SECONDS, "mended")
            checks.note(f"mended after {(time.monotonic() - began) * 1000:.0f} ms")

    def wipe():
        webhooks = server.get(mesh.webhooks)["webhooks"]
        changes = [
            {"op": "remove", "path": f"/webhooks/{number}/clientConfig/caBundle"} for number in range(len(webhooks))
        ]
        status, answer = server.request("PATCH", mesh.webhooks, changes, "application/json-patch+json")
        assert status == 200, answer

    timed("a caBundle that someone wipes is put back", wipe, lambda: mesh.ca_bundles() == right)

    def replace():
        stranger = base64.b64encode(pem(ForeignAuthority().root).encode()).decode()
        change = [{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": stranger}]
        status, answer = server.request("PATCH", mesh.webhooks, change, "application/json-patch+json")
        assert status == 200, answer

    def is_created():
        try:
            return mesh.ca_bundles() != right and server.create_pod(namespace, pod())
        except RefusedPod:
            return None

    timed("another authority in its place is joined by ours, and Pods are created", replace, is_created)
    timed(
        "a trust bundle that someone edits is put back",
        lambda: server.patch(path, {"data": {"root-cert.pem": "nothing"}}),
        lambda: mesh.bundle(namespace) == bundle,
    )
    timed(
        "one that someone deletes is made anew",
        lambda: server.delete(path),
        lambda: mesh.bundle(namespace) == bundle,
    )
    timed(
        "a new namespace gets it",
        lambda: server.make_namespace("amesh-e2e-newcomer", ENABLED),
        lambda: mesh.bundle("amesh-e2e-newcomer") == bundle,
    )
    with checks("every namespace has it"):
        names = [each["metadata"]["name"] for each in server.get("/api/v1/namespaces")["items"]]
        lacking = [name for name in names if mesh.bundle(name) != bundle]
        assert NAMESPACE in names and not lacking, lacking
