"""Replicas go, in good order and otherwise, while Pods are created and certificates issued."""

import time

from peers.process import wait_until

from .mesh import LEASE_SECONDS
from .steady import Creator, Signer

# Threads of the creator: what may be on its way to a replica in the instant that it is killed.
CLIENTS = 2


def killed(checks, server, mesh, namespace, token):
    leader = wait_until(mesh.leader, 20, "a leader")
    other = mesh.other(leader)
    with Creator(server, namespace, threads=CLIENTS) as creator, Signer(mesh, token) as signer:
        wait_until(lambda: creator.created > 20 and signer.signed > 2, 10, "Pods and certificates")
        leader.child.kill()
        began = time.monotonic()
        with checks("the leader is killed by kill -9: the other takes over"):
            wait_until(lambda: mesh.leads(other), LEASE_SECONDS + 10, "another leader")
            checks.note(f"it leads {time.monotonic() - began:.1f} s later (the Lease is good for {LEASE_SECONDS} s)")
        before = creator.created, signer.signed
        wait_until(lambda: creator.created > before[0] + 20 and signer.signed > before[1] + 2, 10, "more of both")
    with checks(f"injection went on: {creator.created} Pods, none lacks its sidecar"):
        assert not creator.bare, creator.bare
        # Nobody can answer for what was with the one that is gone; whoever tries again succeeds.
        late = [problem for at, problem in creator.refused if at > began + 1]
        assert not late and len(creator.refused) <= CLIENTS, creator.refused[:3]
        checks.note(f"{len(creator.refused)} of them were with the replica when it was killed, and were refused")
    with checks(f"issuing went on: {signer.signed} certificates"):
        late = [problem for at, problem in signer.failed if at > began + 1]
        assert not late and len(signer.failed) <= 1, signer.failed[:3]
    with checks("started again it is ready, and follows"):
        told = leader.start().wait_until_ready()
        assert mesh.leader() is other
        for text, seconds in told.items():
            checks.note(f"until {seconds:.1f} s: {text}")
    with checks("the new leader mends the trust bundle, as the old one did"):
        bundle = mesh.bundle()
        server.delete(f"/api/v1/namespaces/{namespace}/configmaps/amesh-root")
        wait_until(lambda: mesh.bundle(namespace) == bundle, 10, "the bundle")


def stopped(checks, server, mesh, namespace, token, victim, role):
    """By SIGTERM, as a rolling update does."""
    with Creator(server, namespace, threads=8, period=0) as creator, Signer(mesh, token) as signer:
        wait_until(lambda: creator.created > 20 and signer.signed > 2, 10, "Pods and certificates")
        began = time.monotonic()
        victim.child.stop(30)
        ended = time.monotonic() - began
        before = creator.created
        wait_until(lambda: creator.created > before + 50, 10, "more Pods")
    with checks(f"{role} is ended by SIGTERM while Pods are created: none of {creator.created} is refused"):
        assert victim.child.process.returncode == 0, victim.child.output()
        assert not creator.refused and not creator.bare, (creator.refused[:3], creator.bare[:3])
        checks.note(f"it ended after {ended:.1f} s, with 0")
    with checks(f"nor is one of {signer.signed} certificates"):
        assert not signer.failed, signer.failed[:3]
