"""A real Envoy as the other side of 19443: in a network namespace, with certificates of the mesh in its configuration."""

import json
import pathlib

from peers.discovery_source import HTTP_OPTIONS, any_of
from peers.envoy import executable
from peers.envoy_configuration import accepting, bootstrap, calling, cluster, command, identified, listener
from peers.process import Child


class Credentials:
    """What a side shows (chain and key in PEM, None: nothing), whom it trusts, and which SPIFFE ID it wants to see."""

    def __init__(self, shown, trusted, wants):
        self.shown = shown
        self.trusted = trusted
        self.wants = wants

    def context(self):
        context = {
            "validation_context": {
                "trusted_ca": {"inline_string": self.trusted.decode()},
                **identified(self.wants),
            }
        }
        if self.shown:
            chain, key = (pem.decode() for pem in self.shown)
            context["tls_certificates"] = [
                {"certificate_chain": {"inline_string": chain}, "private_key": {"inline_string": key}}
            ]
        # What a sidecar of ours speaks to another; Envoy's own choice as a client would be 1.2.
        context["tls_params"] = {"tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3"}
        return context


class Envoy:
    """Several ends in one process: each lets in, or goes out, in its own way."""

    def __init__(self, namespace, folder):
        self.namespace = namespace
        self.folder = pathlib.Path(folder)
        self.listeners = []
        self.clusters = []
        self.child = None

    def lets_in(self, name, at, credentials, application):
        """mTLS comes in at `at`; what names the application's port, as a sidecar does, goes to `application`."""
        tls = accepting(credentials.context())
        port = application["socket_address"]["port_value"]
        named = {"name": "x-amesh-port", "string_match": {"exact": str(port)}}
        route = {"match": {"prefix": "/", "headers": [named]}, "route": {"cluster": name}}
        self.listeners.append(
            listener(
                name, at, [route], tls,
                forward_client_cert_details="SANITIZE_SET", set_current_client_cert_details={"uri": True},
            )
        )  # fmt: skip
        self.clusters.append(cluster(name, application))

    def goes_out(self, name, at, credentials, peer, server_name=None, http2=False, headers=()):
        """What comes in plaintext at `at` goes to `peer` by mTLS, its headers as they are and these."""
        named = {"sni": server_name} if server_name else {}
        tls = calling(credentials.context(), **named)
        route = {
            "match": {"prefix": "/"},
            "route": {"cluster": name},
            "request_headers_to_add": [{"header": {"key": key, "value": value}} for key, value in headers],
        }
        self.listeners.append(listener(name, at, [route], forward_client_cert_details="ALWAYS_FORWARD_ONLY"))
        version = "http2_protocol_options" if http2 else "http_protocol_options"
        options = {HTTP_OPTIONS: any_of(HTTP_OPTIONS, explicit_http_config={version: {}})}
        self.clusters.append(cluster(name, peer, transport_socket=tls, typed_extension_protocol_options=options))

    def passes(self, name, at, peer):
        """Plaintext, in and out."""
        self.listeners.append(listener(name, at, [{"match": {"prefix": "/"}, "route": {"cluster": name}}]))
        self.clusters.append(cluster(name, peer))

    def write(self, path):
        configuration = bootstrap("peer", self.listeners, self.clusters)
        path.write_text(json.dumps(configuration, indent=1), encoding="utf-8")

    def start(self):
        path = self.folder / "envoy.json"
        path.touch(mode=0o600)
        self.write(path)
        inside = ["ip", "netns", "exec", self.namespace]
        self.child = Child("envoy", [*inside, *command(executable(), path)], self.folder)
        return self

    def stop(self):
        if self.child:
            self.child.stop()
