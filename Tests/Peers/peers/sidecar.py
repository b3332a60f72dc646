"""Two Envoys as sidecars: one ends mTLS before a service, the other begins it for a client."""

import http.client
import json
import pathlib
import urllib.parse

from .certificates import certificates
from .discovery_source import HTTP_OPTIONS, any_of, loopback
from .envoy import executable
from .envoy_configuration import accepting, bootstrap, by_secrets, calling, cluster, command, header, listener
from .process import LOOPBACK, Child, free_port


class _Envoy:
    def __init__(self, folder, name, source, listeners, clusters=()):
        self.name = name
        self.port = free_port()
        self._admin = free_port()
        described = bootstrap(
            name,
            [make(loopback(self.port)) for make in listeners],
            [*source.clusters, *clusters],
            admin=loopback(self._admin),
        )
        path = pathlib.Path(folder) / f"{name}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(described, indent=1), encoding="utf-8")
        self.child = Child(name, command(executable(), path), folder)

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
                    header("x-client-id", "%DOWNSTREAM_PEER_URI_SAN%"),
                    header("x-client-serial", "%DOWNSTREAM_PEER_SERIAL%"),
                    header("x-client-issuer", "%DOWNSTREAM_PEER_ISSUER%"),
                ],
            }
        ]
        tls = accepting(by_secrets(source, client, roots))
        super().__init__(folder, name, source, [lambda at: listener("inbound", at, routes, tls)])


class ClientSidecar(_Envoy):
    """/kept goes over connections that stay, /new over a connection and a whole handshake for each request."""

    def __init__(self, folder, source, *, server, port, roots="ROOTCA", name="client"):
        routes = [
            {
                "match": {"path": f"/{kind}"},
                "route": {"cluster": kind},
                "response_headers_to_add": [header("x-server-certificate", "%UPSTREAM_PEER_CERT%")],
            }
            for kind in ("kept", "new")
        ]
        clusters = []
        for kind in ("kept", "new"):
            http, tls = {"explicit_http_config": {"http_protocol_options": {}}}, {}
            if kind == "new":
                # No session is resumed: each handshake shows certificates.
                tls["max_session_keys"] = 0
                http["common_http_protocol_options"] = {"max_requests_per_connection": 1}
            clusters.append(
                cluster(
                    kind,
                    loopback(port),
                    typed_extension_protocol_options={HTTP_OPTIONS: any_of(HTTP_OPTIONS, **http)},
                    transport_socket=calling(by_secrets(source, server, roots), **tls),
                )
            )
        super().__init__(folder, name, source, [lambda at: listener("outbound", at, routes)], clusters)

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
