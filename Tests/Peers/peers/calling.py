"""gRPC channels to amesh, and what a call came to."""

import contextlib
import functools

import grpc

from .process import LOOPBACK

TIMEOUT = 15
# Both ways in; every suite of RPCs goes through each of them.
TRANSPORTS = ("tls", "socket")


def channel(control_plane, transport, workload=None):
    """workload: the files that a caller shows in the handshake."""
    # A channel of its own: those of equal targets would share a connection.
    options = [("grpc.use_local_subchannel_pool", 1)]
    if transport == "socket":
        return grpc.insecure_channel(f"unix:{control_plane.socket}", options)
    credentials = grpc.ssl_channel_credentials(
        control_plane.bundle_file.read_bytes(),
        workload and workload.key.read_bytes(),
        workload and workload.chain.read_bytes(),
    )
    options.append(("grpc.ssl_target_name_override", "localhost"))
    return grpc.secure_channel(f"{LOOPBACK}:{control_plane.port}", credentials, options)


def bearer(token):
    return [("authorization", f"Bearer {token}")] if token else []


@contextlib.contextmanager
def refusal():
    """The error of the call within: `with refusal() as refused: …`, then refused.code and refused.message."""
    refused = _Refusal()
    try:
        yield refused
    except grpc.RpcError as error:
        refused.code, refused.message = error.code(), error.details()
    else:
        raise AssertionError("the call was answered, where it has to be refused")


class _Refusal:
    code = None
    message = None


def over_each_transport(test):
    """A test of a suite with a `plane`, once for each way in, each time on a connection of its own."""

    @functools.wraps(test)
    def both(self):
        for transport in TRANSPORTS:
            with self.subTest(transport=transport), channel(self.plane, transport) as connection:
                test(self, connection)

    return both
