"""An Envoy as the other side of 19443: as a sidecar that is called, and as one that calls. It verifies SPIFFE IDs."""

import json
import os

from peers.discovery_source import HTTP2, any_of, assignment, loopback, unix_socket
from peers.process import Child
from peers.sidecar import _header, _listener, _tls_context

from .application import ask

MUTUAL_PORT = 19443
OUTBOUND, _ADMIN = 15001, 15000
_TLS = "envoy.extensions.transport_sockets.tls.v3"


class EnvoySidecar:
    """Of the Pod. `place` has the socket of amesh serve. It lets in `caller`, and calls the application at `there`, which
    has to be `server`'s. Without `grpc` it answers by itself what comes in, with it the Pod's application does."""

    def __init__(self, pod, place, *, caller, there, server, grpc=False):
        self._pod = pod
        source = unix_socket(place, (pod.folder / "token").read_text(encoding="utf-8"), delta=True)
        shown = [
            _header("x-client-id", "%DOWNSTREAM_PEER_URI_SAN%"),
            _header("x-client-serial", "%DOWNSTREAM_PEER_SERIAL%"),
            _header("x-port", "%REQ(x-amesh-port)%"),
        ]
        answered = {"direct_response": {"status": 200, "body": {"inline_string": "{}"}}, "response_headers_to_add": shown}
        handed_on = {"route": {"cluster": "own"}, "request_headers_to_add": shown}
        answers = [{"match": {"prefix": "/"}, **(handed_on if grpc else answered)}]
        options = {"typed_extension_protocol_options": HTTP2} if grpc else {}
        accepting = any_of(
            f"{_TLS}.DownstreamTlsContext",
            require_client_certificate=True,
            common_tls_context=_tls_context(source, caller, "ROOTCA"),
        )
        calling = any_of(f"{_TLS}.UpstreamTlsContext", common_tls_context=_tls_context(source, server, "ROOTCA"))
        calling["max_session_keys"] = 0
        passed = {
            "match": {"prefix": "/"},
            "route": {"cluster": "there"},
            "request_headers_to_add": [_header("x-amesh-port", "8080")],
        }
        bootstrap = {
            "node": {"id": pod.name, "cluster": "mesh"},
            "admin": {"address": _address("127.0.0.1", _ADMIN)},
            "static_resources": {
                "listeners": [
                    {
                        **_listener(MUTUAL_PORT, "inbound", answers, _socket(accepting)),
                        "address": _address("0.0.0.0", MUTUAL_PORT),
                    },
                    _listener(OUTBOUND, "outbound", [passed]),
                ],
                "clusters": [
                    *source.clusters,
                    {
                        "name": "there",
                        "connect_timeout": "2s",
                        "load_assignment": assignment("there", _address(there, MUTUAL_PORT)),
                        "transport_socket": _socket(calling),
                        **options,
                    },
                    {
                        "name": "own",
                        "connect_timeout": "2s",
                        "load_assignment": assignment("own", loopback(8080)),
                        **options,
                    },
                ],
            },
        }
        path = pod.folder / "envoy.json"
        path.write_text(json.dumps(bootstrap), encoding="utf-8")
        command = [os.environ["ENVOY"], "-c", path, "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]
        self.child = Child(f"envoy-{pod.name}", pod.network.command(*command), pod.folder)
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


def _address(address, port):
    return {"socket_address": {"address": address, "port_value": port}}


def _socket(context):
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}
