"""What the configurations of Envoys in sidecars' places have in common."""

from .discovery_source import any_of, assignment

_TLS = "envoy.extensions.transport_sockets.tls.v3"
_HTTP = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = "envoy.extensions.filters.http.router.v3.Router"


def address(host, port):
    return {"socket_address": {"address": host, "port_value": port}}


def header(name, value):
    """In the place of what is there, or new."""
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


# TLS


def identified(peer):
    """The other side has to have that SPIFFE ID."""
    return {"match_typed_subject_alt_names": [{"san_type": "URI", "matcher": {"exact": peer}}]}


def by_secrets(source, peer, roots="ROOTCA"):
    """What both sides of TLS go by: secrets of a source. roots: the name of the bundle, ROOTCA or ALL."""
    return {
        "tls_certificate_sds_secret_configs": [source.secret("default")],
        "combined_validation_context": {
            "default_validation_context": identified(peer),
            "validation_context_sds_secret_config": source.secret(roots),
        },
    }


def accepting(common):
    """A client without a certificate is not let in."""
    return _socket("DownstreamTlsContext", require_client_certificate=True, common_tls_context=common)


def calling(common, **fields):
    return _socket("UpstreamTlsContext", common_tls_context=common, **fields)


def _socket(context, **fields):
    return {"name": "envoy.transport_sockets.tls", "typed_config": any_of(f"{_TLS}.{context}", **fields)}


# Who listens, and to whom it leads


def listener(name, at, routes, transport_socket=None, **fields):
    """fields: more of the HTTP connection manager's."""
    manager = any_of(
        _HTTP,
        stat_prefix=name,
        route_config={"name": name, "virtual_hosts": [{"name": name, "domains": ["*"], "routes": routes}]},
        http_filters=[{"name": "envoy.filters.http.router", "typed_config": any_of(_ROUTER)}],
        **fields,
    )
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    if transport_socket:
        chain["transport_socket"] = transport_socket
    return {"name": name, "address": at, "filter_chains": [chain]}


def cluster(name, at, **fields):
    return {"name": name, "connect_timeout": "5s", "load_assignment": assignment(name, at), **fields}


# The whole


def bootstrap(name, listeners, clusters, admin=None):
    """admin: where it is asked how it is."""
    return {
        "node": {"id": name, "cluster": "peers"},
        **({"admin": {"address": admin}} if admin else {}),
        "static_resources": {"listeners": listeners, "clusters": clusters},
    }


def command(executable, path):
    return [executable, "-c", path, "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]
