"""Resources in the shapes in which istiod sends them to a sidecar."""

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.http.cors.v3 import cors_pb2  # noqa: F401, known by its name
from envoy.extensions.filters.http.fault.v3 import fault_pb2  # noqa: F401
from envoy.extensions.filters.http.grpc_stats.v3 import config_pb2  # noqa: F401
from envoy.extensions.filters.http.router.v3 import router_pb2  # noqa: F401
from envoy.extensions.filters.network.http_connection_manager.v3 import (  # noqa: F401
    http_connection_manager_pb2,
)
from envoy.extensions.filters.network.tcp_proxy.v3 import tcp_proxy_pb2  # noqa: F401
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2  # noqa: F401
from google.protobuf import json_format

from peers.discovery_source import HTTP_OPTIONS, any_of

_FILTERS = "type.googleapis.com/envoy.extensions.filters."
_ADS = {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}


def filter_of(name, kind, **settings):
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": f"{_FILTERS}http.{kind}", **settings}}


def _http_filters(more):
    return [
        filter_of("grpc_stats", "grpc_stats.v3.FilterConfig", emit_filter_state=True, stats_for_all_methods=False),
        *more,
        filter_of("fault", "fault.v3.HTTPFault"),
        filter_of("cors", "cors.v3.Cors"),
        filter_of("router", "router.v3.Router"),
    ]


def _manager(filters=(), **settings):
    manager = {
        "@type": f"{_FILTERS}network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "mesh",
        "http_filters": _http_filters(filters),
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "stream_idle_timeout": "0s",
        "normalize_path": True,
        "http_protocol_options": {},
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        **settings,
    }
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}


def _tcp(cluster):
    proxy = {"@type": f"{_FILTERS}network.tcp_proxy.v3.TcpProxy", "stat_prefix": cluster, "cluster": cluster}
    return {"name": "envoy.filters.network.tcp_proxy", "typed_config": proxy}


def _listener(name, host, port, chains, **fields):
    address = {"socket_address": {"address": host, "port_value": port}}
    return json_format.ParseDict(
        {"name": name, "address": address, "filter_chains": chains, **fields}, listener_pb2.Listener()
    )


def outbound(port, host="0.0.0.0", routes=None, filters=(), **settings):
    """A port of services: its routes come by RDS."""
    settings.setdefault("rds", {"route_config_name": routes or str(port), "config_source": _ADS})
    chain = {"filters": [_manager(filters, **settings)]}
    return _listener(
        f"{host}_{port}", host, port, [chain], traffic_direction="OUTBOUND", bind_to_port=False,
        continue_on_listener_filters_timeout=True,
    )  # fmt: skip


def virtual_outbound(fallback="PassthroughCluster"):
    return _listener(
        "virtualOutbound", "0.0.0.0", 15001, [{"filters": [_tcp(fallback)], "name": "virtualOutbound-catchall-tcp"}],
        traffic_direction="OUTBOUND", use_original_dst=True,
    )  # fmt: skip


def virtual_inbound(*ports, **settings):
    """A chain for each port of the application."""

    def chain(port):
        cluster = f"inbound|{port}||"
        route = {"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}, "name": "default"}
        host = {"name": f"inbound|http|{port}", "domains": ["*"], "routes": [route]}
        manager = _manager(route_config={"name": cluster, "virtual_hosts": [host]}, **settings)
        return {"filter_chain_match": {"destination_port": port}, "filters": [manager], "name": f"0.0.0.0_{port}"}

    return _listener(
        "virtualInbound", "0.0.0.0", 15006, [chain(port) for port in ports], traffic_direction="INBOUND"
    )  # fmt: skip


def http2_server(port, cluster):
    """An application that speaks both versions of HTTP, and says which one it was asked in."""
    said = {"header": {"key": "x-spoken", "value": "%PROTOCOL%"}}
    hosts = [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": cluster}}]}]
    manager = _manager(route_config={"name": "both", "virtual_hosts": hosts, "request_headers_to_add": [said]})
    return _listener("both", "127.0.0.1", port, [{"filters": [manager]}])


def routes(name, hosts, **fields):
    message = {
        "name": str(name),
        "virtual_hosts": hosts,
        "validate_clusters": False,
        "ignore_port_in_host_matching": True,
        "max_direct_response_body_size_bytes": 1048576,
        **fields,
    }
    return json_format.ParseDict(message, route_pb2.RouteConfiguration())


def cluster(name, kind="EDS", speaks_http2=False, **fields):
    message = {"name": name, "type": kind, "connect_timeout": "2s", **fields}
    if speaks_http2:
        options = any_of(HTTP_OPTIONS, explicit_http_config={"http2_protocol_options": {}})
        message["typed_extension_protocol_options"] = {HTTP_OPTIONS: options}
    if kind == "EDS":
        message["eds_cluster_config"] = {"eds_config": _ADS, "service_name": name}
    if kind == "ORIGINAL_DST":
        message["lb_policy"] = "CLUSTER_PROVIDED"
    if name.startswith("inbound|"):
        message["upstream_bind_config"] = {"source_address": {"address": "127.0.0.6", "port_value": 0}}
    return json_format.ParseDict(message, cluster_pb2.Cluster())


def assignment(name, *addresses):
    endpoints = []
    for address in addresses:
        host, _, port = address.rpartition(":")
        endpoints.append({"endpoint": {"address": {"socket_address": {"address": host, "port_value": int(port)}}}})
    return json_format.ParseDict(
        {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}, endpoint_pb2.ClusterLoadAssignment()
    )
