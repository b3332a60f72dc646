#!/usr/bin/env python3
"""Mutual TLS between Pods: from an object that the webhook injects to bytes on the wire. hack/check-mesh runs it.

The API server, its tokens, `amesh serve`, the redirects, the library and the sidecar's plugins are the real ones; nginx
stands in for APISIX. Leaves live 20 seconds, so that certificates are renewed all the while.
"""

import os
import pathlib
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(TESTS / "Library"))

from api_server import APIServer  # noqa: E402
from meshed.checks import Checks  # noqa: E402
from meshed.mesh import Mesh  # noqa: E402
from meshed.pods import ENABLED  # noqa: E402
from pods import clocks, grpc_calls, identities, ipv6, membership, policies, refusals, rotation  # noqa: E402
from pods.network import make_node  # noqa: E402
from pods.pod import NAMESPACE  # noqa: E402
from pods.world import World  # noqa: E402

# For those whose clocks are further off than others' certificates last.
LONG = {
    "identity.leaf.lifetimeSeconds": 600,
    "identity.leaf.maximumSeconds": 600,
    "identity.intermediateLifetimeSeconds": 3600,
}


def main():
    checks = Checks()
    make_node()
    with APIServer() as server, tempfile.TemporaryDirectory(prefix="mesh-") as folder:
        # Sidecars run as another user.
        for path in (pathlib.Path(folder), pathlib.Path(folder).parent):
            path.chmod(path.stat().st_mode | 0o011)
        server.make_namespace(NAMESPACE, ENABLED)
        wanted = os.environ.get("AMESH_MESH_PARTS", "").split()
        with Mesh(server, count=1) as mesh, World(server, mesh, folder) as world:
            for part in (identities, refusals, grpc_calls, ipv6, policies, membership, rotation):
                if not wanted or part.__name__.split(".")[-1] in wanted:
                    part.run(checks, world)
        if not wanted or "clocks" in wanted:
            with Mesh(server, count=1, **LONG) as mesh, World(server, mesh, folder) as world:
                clocks.run(checks, world)
    return checks.close()


if __name__ == "__main__":
    sys.exit(main())
