"""What a control plane of xDS has to say of the tests' services: a port each, with endpoints."""

from library import mesh


def service(port, name, *endpoints, http2=False, listens="0.0.0.0"):
    """endpoints: addresses with their ports. listens: at any address of that family."""
    cluster = mesh.cluster(name)
    return [
        mesh.http2(cluster) if http2 else cluster, mesh.assignment(name, *endpoints), mesh.routes(str(port), name),
        mesh.listener(f"{listens}_{port}", str(port), port, listens),
    ]  # fmt: skip
