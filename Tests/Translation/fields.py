"""The fields that xDS has today, of the messages that the translation looks at: a list for the tests, by the API's own
descriptors.

  fields.py              write Tests/XDSTranslationTests/Data/fields.txt
  fields.py --check      fail if what is there differs from what would be written

A line is a message, or its field: number, name, and what it holds: `number`, `fixed32`, `fixed64`, `text` for bytes too, or
the name of a message; in front of it `map` where names lead to it.
"""

import importlib
import pathlib
import sys

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FieldDescriptor

TESTS = pathlib.Path(__file__).resolve().parent.parent
FILE = TESTS / "XDSTranslationTests" / "Data" / "fields.txt"
PROTOS = TESTS.parent / "hack" / "protos"

# What a control plane sends, and what stands in it as Any.
ROOTS = {
    "envoy.config.listener.v3": ["listener", "Listener"],
    "envoy.config.route.v3": ["route", "RouteConfiguration"],
    "envoy.config.cluster.v3": ["cluster", "Cluster"],
    "envoy.config.endpoint.v3": ["endpoint", "ClusterLoadAssignment"],
    "envoy.extensions.filters.network.http_connection_manager.v3": ["http_connection_manager", "HttpConnectionManager"],
    "envoy.extensions.filters.network.tcp_proxy.v3": ["tcp_proxy", "TcpProxy"],
    "envoy.extensions.filters.http.fault.v3": ["fault", "HTTPFault"],
    "envoy.extensions.filters.http.cors.v3": ["cors", "CorsPolicy"],
    "envoy.extensions.filters.http.local_ratelimit.v3": ["local_rate_limit", "LocalRateLimit"],
    "envoy.extensions.transport_sockets.tls.v3": ["tls", "UpstreamTlsContext"],
    "envoy.extensions.upstreams.http.v3": ["http_protocol_options", "HttpProtocolOptions"],
}
OTHERS = ["envoy.config.route.v3.FilterConfig"]

KINDS = {
    FieldDescriptor.CPPTYPE_STRING: "text",
    FieldDescriptor.CPPTYPE_DOUBLE: "fixed64",
    FieldDescriptor.CPPTYPE_FLOAT: "fixed32",
}


def kind(field):
    message = field.message_type
    if message is None:
        return KINDS.get(field.cpp_type, "number")
    if message.GetOptions().map_entry:
        return f"map {kind(message.fields_by_name['value'])}"
    return message.full_name


def ours():
    """Names of the messages of our own subset."""
    names = set()
    for file in sorted(PROTOS.rglob("*.proto")):
        scope = []
        for line in file.read_text().splitlines():
            words = line.split()
            if words[:1] == ["package"]:
                scope = [words[1].rstrip(";")]
            elif words[:1] == ["message"] or words[-1:] == ["{"]:
                scope.append(words[1])
                if words[0] == "message":
                    names.add(".".join(scope))
            if words[-1:] in (["}"], ["{}"]):
                scope.pop()
    return names


def reachable(pool):
    for package, (module, _) in ROOTS.items():
        importlib.import_module(f"{package}.{module}_pb2")
    waiting = [pool.FindMessageTypeByName(f"{package}.{name}") for package, (_, name) in ROOTS.items()]
    waiting += [pool.FindMessageTypeByName(name) for name in OTHERS]
    names = ours()
    found = {}
    while waiting:
        message = waiting.pop()
        if message.full_name in found or message.full_name not in names:
            continue
        found[message.full_name] = message
        for field in message.fields:
            value = field
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                value = field.message_type.fields_by_name["value"]
            if value.message_type is not None:
                waiting.append(value.message_type)
    return found


def text():
    lines = []
    for name, message in sorted(reachable(descriptor_pool.Default()).items()):
        lines.append(name)
        lines += [f"  {field.number} {field.name} {kind(field)}" for field in sorted(message.fields, key=lambda f: f.number)]
    return "\n".join(lines) + "\n"


def main():
    if sys.argv[1:] == ["--check"]:
        if FILE.read_text() != text():
            sys.exit(f"{FILE.name} is not what the API has: run {pathlib.Path(__file__).name}")
    else:
        FILE.write_text(text())


if __name__ == "__main__":
    main()
