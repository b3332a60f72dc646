"""A version is tried on a namespace, beside the one that runs, and taken back."""

from peers.process import wait_until

from .mesh import Mesh
from .pods import ENABLED, INJECTION, REVISION, has_sidecar, pod, revision
from .workload import pod_token, sign, spiffe_id, verified_id

NAMESPACE = "amesh-e2e-moving"


def revisions(checks, server, mesh):
    server.make_namespace(NAMESPACE, ENABLED)

    def injected_by():
        created = server.create_pod(NAMESPACE, pod(), dry_run=True)
        return revision(created) if has_sidecar(created) else None

    def move(labels):
        status, answer = server.patch(f"/api/v1/namespaces/{NAMESPACE}", {"metadata": {"labels": labels}})
        assert status == 200, answer

    with Mesh(server, revision="canary", count=1) as canary:
        with checks("a second revision runs beside the first, and changes nothing"):
            assert injected_by() == "default"
            assert mesh.leads(mesh.leader())
        with checks("a namespace that is moved to it gets its Pods' sidecars from it"):
            move({REVISION: "canary", INJECTION: None})
            wait_until(lambda: injected_by() == "canary", 10, "Pods of the revision")
        with checks("what it issues is of the same mesh: the same roots, for whoever comes"):
            server.make_account(NAMESPACE, "web")
            created = server.create_pod(NAMESPACE, pod("web", serviceAccountName="web"))
            assert revision(created) == "canary"
            token = pod_token(server, created)
            for place in (canary, mesh):
                chain, _ = sign(place, token)
                assert verified_id(mesh.folder, chain, mesh.bundle()) == spiffe_id(NAMESPACE, "web")
        with checks("other namespaces keep theirs, and a Pod may ask for either"):
            for labels, expected in (({REVISION: "default"}, "default"), ({}, "canary")):
                created = server.create_pod(NAMESPACE, pod(labels=labels), dry_run=True)
                assert revision(created) == expected
        with checks("moved back, its Pods have the first one's again"):
            move({REVISION: None, **ENABLED})
            wait_until(lambda: injected_by() == "default", 10, "Pods of the first revision")
    with checks("once nothing is of the revision, it can go"):
        assert injected_by() == "default"
