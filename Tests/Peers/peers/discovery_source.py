"""Where an Envoy gets its secrets from: the parts of a bootstrap that differ by transport and by credential."""

import json
import pathlib

from .process import LOOPBACK

_CLUSTER = "identity"
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def any_of(type_name, **fields):
    return {"@type": f"type.googleapis.com/{type_name}", **fields}


HTTP2 = {HTTP_OPTIONS: any_of(HTTP_OPTIONS, explicit_http_config={"http2_protocol_options": {}})}


def assignment(name, address):
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}


def loopback(port):
    return {"socket_address": {"address": LOOPBACK, "port_value": port}}


class _Source:
    """grpc_service is how Envoy calls; clusters is what it needs for that."""

    def __init__(self, grpc_service, clusters=(), delta=False):
        self.clusters = list(clusters)
        self._service = grpc_service
        self._type = "DELTA_GRPC" if delta else "GRPC"

    def secret(self, name):
        """An SdsSecretConfig."""
        return {
            "name": name,
            "sds_config": {
                "resource_api_version": "V3",
                "initial_fetch_timeout": "0s",
                "api_config_source": {
                    "api_type": self._type,
                    "transport_api_version": "V3",
                    "set_node_on_first_message_only": True,
                    "grpc_services": [self._service],
                },
            },
        }


def _with_token(token):
    return {
        "envoy_grpc": {"cluster_name": _CLUSTER, "authority": "amesh"},
        "initial_metadata": [{"key": "authorization", "value": f"Bearer {token}"}],
    }


def unix_socket(control_plane, token, *, delta=False):
    """Over the Unix socket, with a token as metadata."""
    cluster = {
        "name": _CLUSTER,
        "connect_timeout": "2s",
        "typed_extension_protocol_options": HTTP2,
        "load_assignment": assignment(_CLUSTER, {"pipe": {"path": str(control_plane.socket)}}),
    }
    return _Source(_with_token(token), [cluster], delta)


def token_file(control_plane, path, *, delta=False):
    """Over TLS by Envoy's google_grpc, which reads the token's file for each stream.

    It reads the roots once, when it starts: fit for meshes whose root does not change while it runs.
    """
    metadata = any_of(
        "envoy.config.grpc_credential.v3.FileBasedMetadataConfig",
        secret_data={"filename": str(path)},
        header_key="authorization",
        header_prefix="Bearer ",
    )
    service = {
        "google_grpc": {
            "target_uri": f"localhost:{control_plane.port}",
            "stat_prefix": "identity",
            "channel_credentials": {
                "ssl_credentials": {"root_certs": {"filename": str(control_plane.bundle_file)}},
            },
            "credentials_factory_name": "envoy.grpc_credentials.file_based_metadata",
            "call_credentials": [
                {"from_plugin": {"name": "envoy.grpc_credentials.file_based_metadata", "typed_config": metadata}}
            ],
        }
    }
    return _Source(service, delta=delta)


def watched_roots(control_plane, token, folder, *, delta=False):
    """Over TLS by Envoy's own gRPC, which takes the roots anew whenever their file changes."""
    secret = pathlib.Path(folder) / "server-roots.json"
    context = any_of(
        "envoy.extensions.transport_sockets.tls.v3.Secret",
        name="server-roots",
        validation_context={
            "trusted_ca": {"filename": str(control_plane.bundle_file)},
            "watched_directory": {"path": str(control_plane.bundle_file.parent)},
            "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "localhost"}}],
        },
    )
    secret.write_text(json.dumps({"resources": [context]}), encoding="utf-8")
    tls = any_of(
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        sni="localhost",
        common_tls_context={
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
            "alpn_protocols": ["h2"],
            "validation_context_sds_secret_config": {
                "name": "server-roots",
                "sds_config": {"resource_api_version": "V3", "path_config_source": {"path": str(secret)}},
            },
        },
    )
    cluster = {
        "name": _CLUSTER,
        "connect_timeout": "2s",
        "typed_extension_protocol_options": HTTP2,
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
        "load_assignment": assignment(_CLUSTER, loopback(control_plane.port)),
    }
    return _Source(_with_token(token), [cluster], delta)
