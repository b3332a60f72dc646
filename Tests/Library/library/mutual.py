"""What an xDS server says to two Pods of which one calls the other."""

from . import mesh
from .sidecar import OUTSIDE

MUTUAL_PORT = 19443
SERVICE = "240.0.0.20"
# The applications'.
PORT = 8080
# Where somebody else than a sidecar listens.
IMPOSTOR = "10.9.7.7"
# The other sidecar has 19443 of every address there.
IMPOSTOR_PORT = 20443


def outbound():
    """Port 80 leads to the other Pod's application, or by its host to whom somebody calls `pay`."""
    routes = mesh.routes("80", "cart")
    routes.virtual_hosts.add().CopyFrom(mesh.routes("", "pay", "pay.example").virtual_hosts[0])
    routes.virtual_hosts[1].name = "pay"
    return [
        mesh.cluster("cart"), assignment("cart", OUTSIDE), mesh.cluster("pay"), assignment("pay", IMPOSTOR),
        routes, mesh.listener("0.0.0.0_80", "80", 80),
    ]  # fmt: skip


def assignment(name, *addresses):
    """The applications there."""
    return mesh.assignment(name, *((address, PORT) for address in addresses))


def inbound(port=PORT):
    """What comes for the application."""
    return mesh.inbound(port)
