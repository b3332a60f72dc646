#!/usr/bin/env python3
"""The life of a mesh: things are broken and mended, the root rotates, Pods come in crowds, replicas go and come, and a new
version is tried beside the old one. Pods are created throughout."""

import sys

from api_server import APIServer
from meshed.checks import Checks
from meshed.crowd import crowd
from meshed.losses import killed, stopped
from meshed.mesh import Mesh
from meshed.pods import ENABLED, pod
from meshed.repairs import repairs
from meshed.revisions import revisions
from meshed.rotation import Rotation
from meshed.workload import pod_token, spiffe_id
from peers.process import wait_until

PLAIN, MESHED = "amesh-e2e-life-plain", "amesh-e2e-life"


def main():
    checks = Checks()
    with APIServer() as server, Mesh(server) as mesh:
        server.make_namespace(PLAIN, {})
        server.make_namespace(MESHED, ENABLED)
        token = pod_token(server, server.create_pod(MESHED, pod("web")))
        repairs(checks, server, mesh, MESHED)
        rotation = Rotation(checks, server, mesh, MESHED, token, spiffe_id(MESHED, "default"))
        rotation.run()
        crowd(checks, server, PLAIN, MESHED)
        killed(checks, server, mesh, MESHED, token)
        leader = wait_until(mesh.leader, 20, "a leader")
        follower = mesh.other(leader)
        stopped(checks, server, mesh, MESHED, token, follower, "a replica")
        follower.start().wait_until_ready()
        revisions(checks, server, mesh)
        rotation.ends(checks)
        stopped(checks, server, mesh, MESHED, token, leader, "the leader")
        with checks("the other leads at once, since the Lease was given back"):
            wait_until(lambda: mesh.leads(follower), 8, "another leader")
    return checks.close()


if __name__ == "__main__":
    sys.exit(main())
