"""Two Envoys as sidecars: one ends mTLS before a service, the other begins it for a client."""

import http.client
import json
import pathlib
import urllib.parse

from .certificates import certificates
from .discovery_source import HTTP_OPTIONS, any_of, assignment, loopback
from .envoy import executable
from .process import LOOPBACK, Child, free_port

_TLS = "envoy.extensions.transport_sockets.tls.v3"


def _tls_context(source, peer, roots):
    """peer: the SPIFFE ID that the other side has to have. roots: the name of the bundle, ROOTCA or ALL."""
    names = [{"san_type": "URI", "matcher": {"exact": peer}}]
    return {
        "tls_certificate_sds_secret_configs": [source.secret("default")],
        "combined_validation_context": {
            "default_validation_context": {"match_typed_subject_alt_names": names},
            "validation_context_sds_secret_config": source.secret(roots),
        },
    }


def _header(name, value):
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _listener(port, name, routes, transport_socket=None):
    manager = any_of(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=name,
        route_config={"name": name, "virtual_hosts": [{"name": name, "domains": ["*"], "routes": routes}]},
        http_filters=[
            {
                "name": "envoy.filters.http.router",
                "typed_config": any_of("envoy.extensions.filters.http.router.v3.Router"),
            }
        ],
    )
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    if transport_socket:
        chain["transport_socket"] = transport_socket
    return {"name": name, "address": loopback(port), "filter_chains": [chain]}


class _Envoy:
    def __init__(self, folder, name, source, listeners, clusters=()):
        self.name = name
        self.port = free_port()
        self._admin = free_port()
        bootstrap = {
            "node": {"id": name, "cluster": "peers"},
            "admin": {"address": loopback(self._admin)},
            "static_resources": {
                "listeners": [listener(self.port) for listener in listeners],
                "clusters": [*source.clusters, *clusters],
            },
        }
        path = pathlib.Path(folder) / f"{name}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(bootstrap, indent=1), encoding="utf-8")
        command = [executable(), "-c", path, "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]
        self.child = Child(name, command, folder)

    def wait_until_ready(self):
        """Until it listens, which it does when its secrets have come."""
        self.child.wait_until(lambda: self._get("/ready")[0] == 200, 30, "ready")
        return self

    def _get(self, path):
        connection = http.client.HTTPConnection(LOOPBACK, self._admin, timeout=2)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def stat(self, suffix):
        """The sum of the counters whose name ends so."""
        _, text = self._get("/stats?format=json")
        values = json.loads(text)["stats"] if text else []
        return sum(s.get("value", 0) for s in values if s.get("name", "").endswith(suffix))

    def stop(self):
        self.child.stop()


class ServerSidecar(_Envoy):
    """Answers every request of the one client that it lets in with what it saw of its certificate."""

    def __init__(self, folder, source, *, client, roots="ROOTCA", name="server"):
        routes = [
            {
                "match": {"prefix": "/"},
                "direct_response": {"status": 200, "body": {"inline_string": "hello\n"}},
                "response_headers_to_add": [
                    _header("x-client-id", "%DOWNSTREAM_PEER_URI_SAN%"),
                    _header("x-client-serial", "%DOWNSTREAM_PEER_SERIAL%"),
                    _header("x-client-issuer", "%DOWNSTREAM_PEER_ISSUER%"),
                ],
            }
        ]
        tls = any_of(
            f"{_TLS}.DownstreamTlsContext",
            require_client_certificate=True,
            common_tls_context=_tls_context(source, client, roots),
        )
        socket = {"name": "envoy.transport_sockets.tls", "typed_config": tls}
        super().__init__(folder, name, source, [lambda port: _listener(port, "inbound", routes, socket)])


class ClientSidecar(_Envoy):
    """/kept goes over connections that stay, /new over a connection and a whole handshake for each request."""

    def __init__(self, folder, source, *, server, port, roots="ROOTCA", name="client"):
        routes = [
            {
                "match": {"path": f"/{kind}"},
                "route": {"cluster": kind},
                "response_headers_to_add": [_header("x-server-certificate", "%UPSTREAM_PEER_CERT%")],
            }
            for kind in ("kept", "new")
        ]
        clusters = []
        for kind in ("kept", "new"):
            tls = any_of(f"{_TLS}.UpstreamTlsContext", common_tls_context=_tls_context(source, server, roots))
            http = {"explicit_http_config": {"http_protocol_options": {}}}
            if kind == "new":
                # No session is resumed: each handshake shows certificates.
                tls["max_session_keys"] = 0
                http["common_http_protocol_options"] = {"max_requests_per_connection": 1}
            clusters.append(
                {
                    "name": kind,
                    "connect_timeout": "5s",
                    "load_assignment": assignment(kind, loopback(port)),
                    "typed_extension_protocol_options": {HTTP_OPTIONS: any_of(HTTP_OPTIONS, **http)},
                    "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
                }
            )
        super().__init__(folder, name, source, [lambda port: _listener(port, "outbound", routes)], clusters)

    def request(self, kind="new"):
        """An answer's status, and what both sides saw of each other."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=10)
        connection.request("GET", f"/{kind}")
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return Seen(response.status, {k.lower(): v for k, v in response.getheaders()}, body)


class Seen:
    def __init__(self, status, headers, body=""):
        self.status = status
        self.body = body
        self.client_id = headers.get("x-client-id")
        self.client_serial = headers.get("x-client-serial")
        self.client_issuer = headers.get("x-client-issuer")
        self._server = headers.get("x-server-certificate")

    @property
    def server_certificate(self):
        return certificates(urllib.parse.unquote(self._server))[0]

    @property
    def server_text(self):
        return self._server
