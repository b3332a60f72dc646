#!/usr/bin/env python3
"""Who gets a certificate by a token of the cluster, from either replica, and who does not."""

import json
import sys
import time

import grpc
from api_server import APIServer
from meshed.account import request_token
from meshed.checks import Checks
from meshed.mesh import LEAF, Mesh
from meshed.pods import ENABLED, pod
from meshed.workload import (
    Sidecar,
    cluster_signer,
    expired,
    forged,
    pod_token,
    sign,
    spiffe_id,
    stranger,
    verified_id,
)
from peers.calling import TRANSPORTS, refusal
from peers.process import wait_until

NAMESPACE = "amesh-e2e-identity"
WEB = spiffe_id(NAMESPACE, "web")


def main():
    checks = Checks()
    with APIServer() as server, Mesh(server) as mesh:
        server.make_namespace(NAMESPACE, ENABLED)
        server.make_account(NAMESPACE, "web")
        web = server.create_pod(NAMESPACE, pod("web", serviceAccountName="web"))
        token = pod_token(server, web)
        issued(checks, mesh, token)
        refused(checks, server, mesh, web, token)
        deleted(checks, server, mesh)
        pushed(checks, mesh, token)
    return checks.close()


def issued(checks, mesh, token):
    for replica in mesh.replicas:
        with checks(f"{replica.name} signs a request of the Pod's for its SPIFFE ID, over TLS and its socket"):
            for transport in TRANSPORTS:
                chain, bundle = sign(replica, token, transport)
                assert verified_id(mesh.folder, chain, bundle) == WEB
                assert bundle == mesh.bundle(), "other roots than are published"
        with checks(f"{replica.name} gives the Pod's certificate over SDS, over TLS and its socket"):
            for transport in TRANSPORTS:
                sidecar = Sidecar(replica, token, transport)
                wait_until(lambda: sidecar.receive() and sidecar.chain and sidecar.bundle, 10, "both secrets")  # noqa: B023
                assert verified_id(mesh.folder, split(sidecar.chain), sidecar.bundle) == WEB
                sidecar.close()
    with checks("by way of the Service's port it is the same, with the roots that the Pod has mounted"):
        chain, bundle = sign(mesh, token)
        assert verified_id(mesh.folder, chain, bundle) == WEB


def split(chain):
    end = "-----END CERTIFICATE-----\n"
    return [part + end for part in chain.split(end) if part.strip()]


def refused(checks, server, mesh, web, token):
    callers = {
        "without a token": None,
        "a token that is bound to no Pod": request_token(server, NAMESPACE, "web", audiences=["amesh-ca"]),
        "a token for another audience": pod_token(server, web, audiences=["vault"]),
        "the token that the Pod has for the API server": pod_token(server, web, audiences=()),
        "a token that another cluster has signed": forged(token, signer=stranger(token)),
        "a token whose claims were changed": tampered(token),
    }
    signer = cluster_signer(token)
    if signer:
        callers["a token that has expired"] = forged(token, signer=signer, **expired())
        with checks("what this suite signs with the cluster's key is a token like any other"):
            verified_id(mesh.folder, *sign(mesh, forged(token, signer=signer)))
    else:
        checks.skip("a token that has expired gets nothing", "the cluster's key is not ours to sign with")
    for title, one in callers.items():
        with checks(f"{title} gets nothing, from neither replica"):
            for replica in mesh.replicas:
                refuses(replica, one)


def refuses(replica, token):
    with refusal() as refused:
        sign(replica, token)
    assert refused.code == grpc.StatusCode.UNAUTHENTICATED, (refused.code, refused.message)
    sidecar = Sidecar(replica, token)
    with refusal() as refused:
        sidecar.receive()
    assert refused.code == grpc.StatusCode.UNAUTHENTICATED, (refused.code, refused.message)
    sidecar.close()


def tampered(token):
    """Another's claims under the signature of this one."""
    header, _, signature = token.split(".")
    other = forged(token, signer=stranger(token), sub=f"system:serviceaccount:{NAMESPACE}:default")
    return ".".join((header, other.split(".")[1], signature))


def deleted(checks, server, mesh):
    """What becomes of a Pod's token and streams when the Pod goes."""
    gone = server.create_pod(NAMESPACE, pod("gone", serviceAccountName="web"))
    token = pod_token(server, gone)
    sidecars = [Sidecar(replica, token).receive() for replica in mesh.replicas]
    server.delete(f"/api/v1/namespaces/{NAMESPACE}/pods/gone?gracePeriodSeconds=0")
    began = time.monotonic()
    with checks("the streams of a Pod end when it is deleted, at both replicas"):
        for sidecar in sidecars:
            status = sidecar.until_end()
            assert status != grpc.StatusCode.DEADLINE_EXCEEDED, "the stream went on"
            sidecar.close()
        seconds = time.monotonic() - began
        assert seconds < 10, f"after {seconds:.1f} s"
        checks.note(f"{seconds * 1000:.0f} ms after the Pod was deleted, the last of them had ended")
    with checks("its token gets nothing any more"):
        for replica in mesh.replicas:
            refuses(replica, token)
    with checks("nor does it when another Pod has its name"):
        server.create_pod(NAMESPACE, pod("gone", serviceAccountName="web"))
        for replica in mesh.replicas:
            refuses(replica, token)
    with checks("nor a token of a ServiceAccount that was made anew under its name"):
        server.make_account(NAMESPACE, "brief")
        created = server.create_pod(NAMESPACE, pod("brief", serviceAccountName="brief"))
        old = pod_token(server, created)
        verified_id(mesh.folder, *sign(mesh, old))
        server.delete(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/brief")
        server.make_account(NAMESPACE, "brief")
        for replica in mesh.replicas:
            wait_until(lambda: is_refused(replica, old), 10, "the token is refused")  # noqa: B023


def is_refused(replica, token):
    try:
        sign(replica, token)
        return False
    except grpc.RpcError as error:
        return error.code() == grpc.StatusCode.UNAUTHENTICATED


def pushed(checks, mesh, token):
    with checks("the successor of a certificate is pushed while half of its life is left"):
        sidecars = [Sidecar(replica, token) for replica in mesh.replicas]
        for sidecar in sidecars:
            wait_until(lambda: sidecar.receive().chain, 10, "a certificate")  # noqa: B023
        first, began = [sidecar.serial() for sidecar in sidecars], time.monotonic()
        for sidecar, serial in zip(sidecars, first):
            wait_until(lambda: sidecar.receive().serial() != serial, LEAF, "another certificate")  # noqa: B023
            assert time.monotonic() - began < 0.75 * LEAF, "late"
            sidecar.close()
    with checks("every line of the audit says who, and each refusal why"):
        for replica in mesh.replicas:
            lines = audit(replica)
            assert {"issued", "unauthenticated"} == {line["event"] for line in lines}, lines
            assert all(line["reason"] for line in lines if line["event"] == "unauthenticated"), lines
            assert all(line["identity"] for line in lines if line["event"] == "issued"), lines


def audit(replica):
    return [json.loads(line) for line in (replica.state / "audit.log").read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    sys.exit(main())
