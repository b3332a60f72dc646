"""An Envoy as the other side of 19443: as a sidecar that is called, and as one that calls. It verifies SPIFFE IDs."""

import json
import os

from peers.discovery_source import HTTP2, loopback, unix_socket
from peers.envoy_configuration import (
    accepting,
    address,
    bootstrap,
    by_secrets,
    calling,
    cluster,
    command,
    header,
    listener,
)
from peers.process import Child

from .application import ask

MUTUAL_PORT = 19443
OUTBOUND, _ADMIN = 15001, 15000


class EnvoySidecar:
    """Of the Pod. `place` has the socket of amesh serve. It lets in `caller`, and calls the application at `there`, which
    has to be `server`'s. Without `grpc` it answers by itself what comes in, with it the Pod's application does."""

    def __init__(self, pod, place, *, caller, there, server, grpc=False):
        self._pod = pod
        source = unix_socket(place, (pod.folder / "token").read_text(encoding="utf-8"), delta=True)
        shown = [
            header("x-client-id", "%DOWNSTREAM_PEER_URI_SAN%"),
            header("x-client-serial", "%DOWNSTREAM_PEER_SERIAL%"),
            header("x-port", "%REQ(x-amesh-port)%"),
        ]
        answered = {"direct_response": {"status": 200, "body": {"inline_string": "{}"}}, "response_headers_to_add": shown}
        handed_on = {"route": {"cluster": "own"}, "request_headers_to_add": shown}
        answers = [{"match": {"prefix": "/"}, **(handed_on if grpc else answered)}]
        options = {"typed_extension_protocol_options": HTTP2} if grpc else {}
        passed = {
            "match": {"prefix": "/"},
            "route": {"cluster": "there"},
            "request_headers_to_add": [header("x-amesh-port", "8080")],
        }
        let_in = accepting(by_secrets(source, caller))
        verified = calling(by_secrets(source, server), max_session_keys=0)
        described = bootstrap(
            pod.name,
            [
                listener("inbound", address("0.0.0.0", MUTUAL_PORT), answers, let_in),
                listener("outbound", loopback(OUTBOUND), [passed]),
            ],
            [
                *source.clusters,
                cluster("there", address(there, MUTUAL_PORT), transport_socket=verified, **options),
                cluster("own", loopback(8080), **options),
            ],
            admin=loopback(_ADMIN),
        )
        path = pod.folder / "envoy.json"
        path.write_text(json.dumps(described), encoding="utf-8")
        self.child = Child(f"envoy-{pod.name}", pod.network.command(*command(os.environ["ENVOY"], path)), pod.folder)
        self.child.wait_until(self._is_ready, 30, "ready")

    def _is_ready(self):
        try:
            return self._pod.application.call(_ADMIN, "/ready", "127.0.0.1").status == 200
        except OSError:
            return False

    def call(self, path="/"):
        """To the application of the other Pod."""
        return self._pod.network.do(lambda: ask("127.0.0.1", OUTBOUND, path))

    def log(self):
        return self.child.output()

    def stop(self):
        self.child.stop()
