"""What both proxies are asked: a case is a virtual host, as istiod makes it of a VirtualService, and its requests."""

import dataclasses

# Clusters; what they lead to is in suites/differential.py.
V1, V2, MIRROR, EMPTY, REFUSING, HTTP2 = "outbound|80|v1|shop", "outbound|80|v2|shop", "mirror", "empty", "refusing", "both"


@dataclasses.dataclass
class Request:
    target: str = "/"
    headers: tuple = ()
    method: str = "GET"
    body: bytes = b""
    host: str = None
    version: str = "HTTP/1.1"
    # Why both differ here, as the table of features says it.
    limit: str = None

    def __str__(self):
        words = [self.method, self.target, *self.headers, *([] if self.host is None else [f"Host: {self.host}"])]
        return " ".join(word[:60] for word in words)

    def encoded(self, host, *more):
        host = host if self.host is None else self.host
        lines = [f"{self.method} {self.target} {self.version}", *([f"Host: {host}"] if host else []), *self.headers, *more]
        if self.body and not any(header.lower().startswith("transfer-encoding") for header in self.headers):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def get(target="/", *headers, **fields):
    return Request(target, headers, **fields)


def post(target="/", *headers, body=b"hello", **fields):
    return Request(target, headers, "POST", body, **fields)


def grpc(target="/", **fields):
    return post(target, "Content-Type: application/grpc", "TE: trailers", body=b"\0\0\0\0\0", **fields)


@dataclasses.dataclass
class Case:
    name: str
    routes: list
    requests: list
    # Of the virtual host.
    host: dict = dataclasses.field(default_factory=dict)
    # Settings of a listener, and of a route configuration, of its own.
    manager: dict = None
    configuration: dict = None
    # Headers that are not compared.
    ignored: tuple = ()
    is_inbound: bool = False

    @property
    def is_alone(self):
        return self.manager is not None or self.configuration is not None

    @property
    def domain(self):
        return f"{self.name}.example"

    @property
    def virtual_host(self):
        return {"name": f"{self.domain}:80", "domains": [self.domain], **self.host, "routes": self.routes}


def each(prefix, settings, requests, build):
    """A case for each of several settings, by their names."""
    return [Case(f"{prefix}-{name}", build(setting), requests) for name, setting in settings.items()]


# Routes


def to(cluster=V1, **fields):
    return {"cluster": cluster, "timeout": "0s", **fields}


def route(match=None, action=None, **fields):
    return {"match": match or {"prefix": "/"}, "route": action or to(), **fields}


def chosen(match):
    """What matches goes to the first version, the rest to the second."""
    return [route(match), route(action=to(V2))]


def redirected(match, **redirect):
    return [{"match": match, "redirect": redirect}]


def header(name, **matcher):
    return {"prefix": "/", "headers": [{"name": name, **matcher}]}


def query(name, **matcher):
    return {"prefix": "/", "query_parameters": [{"name": name, **matcher}]}


def text(**matcher):
    return {"string_match": matcher}


def added(key, value, action="APPEND_IF_EXISTS_OR_ADD"):
    return {"header": {"key": key, "value": value}, "append_action": action}


def own(filter_name, kind, **settings):
    """Settings of a filter for a route."""
    typed = {"@type": f"type.googleapis.com/envoy.extensions.filters.http.{kind}", **settings}
    return {f"envoy.filters.http.{filter_name}": typed}


ALWAYS = {"numerator": 100}
