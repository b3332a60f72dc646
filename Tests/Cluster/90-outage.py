#!/usr/bin/env python3
"""The API server goes away for a minute and comes back: the mesh goes on from memory, and nobody has to be started again."""

import http.client
import json
import os
import pathlib
import ssl
import sys
import time

from api_server import APIServer
from meshed.checks import Checks
from meshed.mesh import LEAF, Mesh
from meshed.pods import ENABLED, has_sidecar, kubectl, pod
from meshed.steady import Creator, Follower, Signer
from meshed.workload import pod_token, sign, spiffe_id, verified_id
from peers.process import LOOPBACK, wait_until

NAMESPACE = "amesh-e2e-outage"
OUTAGE = 60
# An issuing certificate is not replaced without the API server, which has to know of it first; a real one lives for days.
INTERMEDIATE = 600


def main():
    checks = Checks()
    folder = os.environ.get("CLUSTER_DIRECTORY")
    if not folder:
        checks.skip("the API server goes away and comes back", "this cluster is not ours to stop")
        print("0 passed, 0 failed")
        return 0
    with APIServer() as server, Mesh(server, **{"identity.intermediateLifetimeSeconds": INTERMEDIATE}) as mesh:
        server.make_namespace(NAMESPACE, ENABLED)
        token = pod_token(server, server.create_pod(NAMESPACE, pod("web")))
        followers = [Follower(replica, token) for replica in mesh.replicas]
        with followers[0], followers[1]:
            wait_until(lambda: all(each.chain for each in followers), 10, "streams at both")
            wait_until(mesh.leader, 20, "a leader")
            away(checks, mesh, pathlib.Path(folder), token, followers)
            back(checks, server, mesh, token, followers)
    return checks.close()


def order(folder, what):
    """hack/e2e is who stops and starts our API server."""
    (folder / "orders").write_text(f"{what}\n", encoding="utf-8")
    (folder / "answers").read_text(encoding="utf-8")


def away(checks, mesh, folder, token, followers):
    bundle = mesh.bundle_file
    mesh.freeze(bundle)
    pushes = [each.pushes for each in followers]
    order(folder, "stop")
    began = time.monotonic()
    try:
        with checks("killed, the API server answers nobody"):
            succeeded, text = kubectl("get", "namespaces")
            assert not succeeded and "refused" in text, text
        with checks("both replicas stay ready, and say that they are degraded"):
            for replica in mesh.replicas:
                wait_until(lambda: "degraded" in replica.ready()[1], 30, "degraded")  # noqa: B023
                checks.note(f"{replica.name}: {replica.ready()[1].strip()[:160]}")
        with checks(f"certificates are issued for {OUTAGE} s, and reviews answered, from memory"), Signer(
            mesh, token
        ) as signer:
            while time.monotonic() < began + OUTAGE:
                for replica in mesh.replicas:
                    status, text = replica.ready()
                    assert status == 200, text
                    assert review(replica, bundle)["allowed"]
                time.sleep(0.5)
            assert signer.signed > OUTAGE and not signer.failed, (signer.signed, signer.failed[:3])
            checks.note(f"{signer.signed} certificates")
        with checks(f"their successors were pushed, with leaves of {LEAF} s, and no stream was cut"):
            pushed = [each.pushes - before for each, before in zip(followers, pushes)]
            assert min(pushed) >= OUTAGE // LEAF and [each.ends for each in followers] == [0, 0], pushed
            checks.note(f"{pushed} pushes")
    finally:
        order(folder, "start")
        mesh.freeze(None)


def review(replica, bundle):
    """The webhook's answer to a Pod of the namespace, as the API server would ask."""
    asked = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "outage",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": NAMESPACE,
            "operation": "CREATE",
            "object": pod(),
        },
    }
    trust = ssl.create_default_context(cafile=bundle)
    connection = http.client.HTTPSConnection(LOOPBACK, replica.webhook_port, timeout=5, context=trust)
    try:
        connection.request("POST", "/inject/namespace", json.dumps(asked), {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())["response"]
        assert answer.get("patch"), answer
        return answer
    finally:
        connection.close()


def back(checks, server, mesh, token, followers):
    with checks("back, it has what was written"):
        succeeded, text = kubectl("get", "namespace", NAMESPACE)
        assert succeeded, text
    with checks("both replicas are well again"):
        began = time.monotonic()
        for replica in mesh.replicas:
            told = replica.wait_until_well(60)
            for text, seconds in sorted(told.items(), key=lambda each: each[1]):
                checks.note(f"{replica.name} until {seconds:.1f} s: {text[:180]}")
        checks.note(f"after {time.monotonic() - began:.1f} s")
    with checks("one leads"):
        wait_until(mesh.leader, 30, "a leader")
    with checks("Pods are created with their sidecars"), Creator(server, NAMESPACE) as creator:
        wait_until(lambda: creator.created > 50, 20, "Pods")
        assert not creator.refused and not creator.bare, creator.refused[:3]
    with checks("Pods that came afterwards get certificates, and those that went get none"):
        later = server.create_pod(NAMESPACE, pod("later"))
        for replica in mesh.replicas:
            chain, bundle = sign(replica, pod_token(server, later))
            assert verified_id(mesh.folder, chain, bundle) == spiffe_id(NAMESPACE, "default")
        server.delete(f"/api/v1/namespaces/{NAMESPACE}/pods/web?gracePeriodSeconds=0")
        wait_until(lambda: all(each.ends for each in followers), 10, "the streams of the Pod that was deleted")
    with checks("what is broken is mended again"):
        bundle = mesh.bundle()
        server.delete(f"/api/v1/namespaces/{NAMESPACE}/configmaps/amesh-root")
        wait_until(lambda: mesh.bundle(NAMESPACE) == bundle, 30, "the bundle")
    with checks("no replica was started again"):
        assert all(replica.child.is_running() for replica in mesh.replicas)


if __name__ == "__main__":
    sys.exit(main())
