"""The meshes as an Envoy on loopback can run them: what is decided stays as it is, what is called is ours."""

import json

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import config_source_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.listener.proxy_protocol.v3 import proxy_protocol_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.service.discovery.v3 import discovery_pb2

LOOPBACK = "127.0.0.1"
# What is answered where no listener takes a connection; no mesh of ours says that.
NOBODY = 599


def read(path, kind):
    response = discovery_pb2.DiscoveryResponse.FromString(path.read_bytes())
    messages = []
    for packed in response.resources:
        message = kind()
        assert packed.Unpack(message), packed.type_url
        messages.append(message)
    return messages


def write(path, messages):
    response = discovery_pb2.DiscoveryResponse(version_info="1")
    for message in messages:
        response.resources.add().Pack(message)
    if messages:
        response.type_url = response.resources[0].type_url
    # Envoy looks for changes of what is moved in place.
    partial = path.with_suffix(".partial")
    partial.write_bytes(response.SerializeToString())
    partial.rename(path)


def from_file(path):
    source = config_source_pb2.ConfigSource(resource_api_version="V3")
    source.path_config_source.path = str(path)
    return source


def _file(folder, kind, name):
    """Of these, Envoy takes one from a file."""
    return folder / f"{kind}-{name.replace(':', '_').replace('|', '_')}.pb"


def _router(manager):
    settings = manager.http_filters.add(name="envoy.filters.http.router").typed_config
    settings.Pack(router_pb2.Router())


def _set_chain(listener, manager):
    listener.filter_chains[0].filters[0].name = "envoy.filters.network.http_connection_manager"
    listener.filter_chains[0].filters[0].typed_config.Pack(manager)


def _virtual(port):
    """Takes every connection and hands it to the listener of its destination, which the PROXY protocol tells; what no
    listener takes, it answers itself."""
    listener = listener_pb2.Listener(name="virtual")
    listener.address.socket_address.address = LOOPBACK
    listener.address.socket_address.port_value = port
    listener.use_original_dst.value = True
    told = listener.listener_filters.add(name="envoy.filters.listener.proxy_protocol")
    told.typed_config.Pack(proxy_protocol_pb2.ProxyProtocol())
    manager = http_connection_manager_pb2.HttpConnectionManager(stat_prefix="nobody")
    host = manager.route_config.virtual_hosts.add(name="nobody", domains=["*"])
    route = host.routes.add()
    route.match.prefix = "/"
    route.direct_response.status = NOBODY
    _router(manager)
    listener.filter_chains.add().filters.add()
    _set_chain(listener, manager)
    return listener


def _listener(listener, folder):
    """As it was, but nothing of it is bound to a port, and its routes come from a file."""
    listener.bind_to_port.value = False
    manager = http_connection_manager_pb2.HttpConnectionManager()
    assert listener.filter_chains[0].filters[0].typed_config.Unpack(manager)
    manager.stat_prefix = "mesh"
    manager.rds.config_source.CopyFrom(from_file(_file(folder, "rds", manager.rds.route_config_name)))
    _router(manager)
    _set_chain(listener, manager)
    return listener


def _cluster(cluster, folder):
    """Where its endpoints are is ours."""
    cluster.eds_cluster_config.eds_config.CopyFrom(from_file(_file(folder, "eds", cluster.name)))
    cluster.ClearField("lb_policy")
    return cluster


def _assignment(name, port):
    assignment = endpoint_pb2.ClusterLoadAssignment(cluster_name=name)
    endpoint = assignment.endpoints.add().lb_endpoints.add().endpoint
    endpoint.address.socket_address.address = LOOPBACK
    endpoint.address.socket_address.port_value = port
    return assignment


def prepare(folder, port, admin, upstream_ports):
    """Writes what Envoy reads, and returns the path of its bootstrap.

    upstream_ports: gives the port of the upstream that says the name of a cluster.
    """
    clusters = read(folder / "clusters.pb", cluster_pb2.Cluster)
    listeners = read(folder / "listeners.pb", listener_pb2.Listener)
    for configuration in read(folder / "routes.pb", route_pb2.RouteConfiguration):
        write(_file(folder, "rds", configuration.name), [configuration])
    for cluster in clusters:
        write(_file(folder, "eds", cluster.name), [_assignment(cluster.name, upstream_ports(cluster.name))])
    write(folder / "cds.pb", [_cluster(cluster, folder) for cluster in clusters])
    write(folder / "lds.pb", [_virtual(port), *(_listener(listener, folder) for listener in listeners)])
    address = {"socket_address": {"address": LOOPBACK, "port_value": admin}}
    bootstrap = {
        "node": {"id": folder.name, "cluster": "translation"},
        "admin": {"address": address},
        "dynamic_resources": {
            kind: {"resource_api_version": "V3", "path_config_source": {"path": str(folder / file)}}
            for kind, file in (("lds_config", "lds.pb"), ("cds_config", "cds.pb"))
        },
    }
    path = folder / "bootstrap.json"
    path.write_text(json.dumps(bootstrap, indent=1), encoding="utf-8")
    return path
