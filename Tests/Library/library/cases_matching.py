"""Which route takes a request."""

from .cases import Case, chosen, each, get, grpc, header, post, query, route, text, to, V2

_HEADERS = {
    "exact": text(exact="abc"),
    "exact-case": text(exact="aBc", ignore_case=True),
    "prefix": text(prefix="ab"),
    "suffix": text(suffix="bc"),
    "contains": text(contains="abc"),
    "regex": text(safe_regex={"regex": "a.c"}),
    "regex-any": text(safe_regex={"regex": ".*"}),
    "regex-some": text(safe_regex={"regex": ".+"}),
    "present": {"present_match": True},
    "absent": {"present_match": False},
    "not-present": {"present_match": True, "invert_match": True},
    "not-exact": {**text(exact="abc"), "invert_match": True},
    "not-prefix": {**text(prefix="ab"), "invert_match": True},
    "not-regex": {**text(safe_regex={"regex": "a.c"}), "invert_match": True},
    "not-exact-empty": {**text(exact="abc"), "invert_match": True, "treat_missing_header_as_empty": True},
    "empty": {**text(exact=""), "treat_missing_header_as_empty": True},
    "range": {"range_match": {"start": "-5", "end": "16"}},
    "any": {},
}
_WITH_HEADERS = [
    get("/"),
    *(get("/", f"X-A:{value}") for value in (" abc", " ABC", " ab", "", " xabcx", " 15", " -3", " abc,def", " a b c")),
]
_QUERIES = {
    "exact": text(exact="1"),
    "prefix": text(prefix="1"),
    "contains": text(contains="1"),
    "regex": text(safe_regex={"regex": "[0-9]+"}),
    "present": {"present_match": True},
    "absent": {"present_match": False},
    "case": text(exact="x", ignore_case=True),
}
_WITH_QUERIES = [
    get(f"/{target}")
    for target in (
        "", "?a", "?a=", "?a=1", "?a=12", "?A=1", "?b=1&a=1", "?a=2&a=1", "?a=1&a=2", "?a=1;b=2", "?ba=1", "?a==1",
        "?a=X", "?a=x", "?a=x+y", "?&a=1", "?a=1&",
    )
]  # fmt: skip
_PATHS = {
    "exact": {"path": "/foo"},
    "exact-slash": {"path": "/foo/"},
    "prefix": {"prefix": "/foo"},
    "prefix-slash": {"prefix": "/foo/"},
    "separated": {"path_separated_prefix": "/foo"},
    "regex": {"safe_regex": {"regex": "/foo/?[a-z]*"}},
    "regex-all": {"safe_regex": {"regex": ".*"}},
    "regex-either": {"safe_regex": {"regex": "/foo|/x"}},
    "exact-case": {"path": "/foo", "case_sensitive": False},
    "prefix-case": {"prefix": "/foo", "case_sensitive": False},
    "encoded": {"path": "/foo%20bar"},
    "encoded-slash": {"path": "/foo%2Fbar"},
    "encoded-prefix": {"prefix": "/foo%2F"},
    "spaced": {"prefix": "/foo bar"},
    "double": {"prefix": "/foo//"},
}
WITH_PATHS = [
    get(target)
    for target in (
        "/", "/foo", "/foo/", "/foo/bar", "/foobar", "/FOO", "/Foo/x", "/foo?x=1", "//foo", "/foo//bar", "/foo%2Fbar",
        "/%66oo", "/x/../foo", "/./foo", "/foo/../x", "/foo.bar", "/foo;v=1", "/foo%20bar", "/foo+bar", "/foo%3Fx",
        "/foo%2fbar", "/foo\\bar", "/foo%23x",
    )
]  # fmt: skip
_COOKIE = "^(.*?;)?\\s*(user=jason)(;.*)?$"
_SLASHES = "path_with_escaped_slashes_action"

CASES = [
    *each("header", _HEADERS, _WITH_HEADERS, lambda matcher: chosen(header("x-a", **matcher))),
    *each("query", _QUERIES, _WITH_QUERIES, lambda matcher: chosen(query("a", **matcher))),
    *each("path", _PATHS, WITH_PATHS, chosen),
    Case("cookie", chosen(header("cookie", **text(safe_regex={"regex": _COOKIE}))), [
        get("/", *cookies) for cookies in (
            (), ("Cookie: user=jason",), ("Cookie: a=b; user=jason",), ("Cookie: user=jason; c=d",),
            ("Cookie: xuser=jason",), ("Cookie: a=b", "Cookie: user=jason"),
        )
    ]),
    Case("method", chosen(header(":method", **text(safe_regex={"regex": "GET|HEAD"}))), [
        get(), get(method="HEAD"), post(), get(method="PUT"), get(method="OPTIONS"), get(method="PROPFIND"),
    ]),
    Case("authority", chosen(header(":authority", **text(prefix="authority"))), [
        get(), get(host="Authority.example"), get(host="authority.example:80"),
    ]),
    Case("authority-port", chosen(header(":authority", **text(suffix=":80"))), [
        get(), get(host="authority-port.example:80"), get(host="authority-port.example:81"),
    ]),
    Case("scheme", chosen(header(":scheme", **text(exact="http"))), [get(), get("/", "X-Forwarded-Proto: https")]),
    Case("target", chosen(header(":path", **text(contains="x=1"))), [get(), get("/?x=1"), get("/a%20b/../x=1")]),
    Case("length", chosen(header("content-length", present_match=True)), [
        get(), post(), get("/", "Content-Length: 0", method="POST"),
    ]),
    Case("forwarded", chosen(header("x-forwarded-for", present_match=True)), [get(), get("/", "X-Forwarded-For: 1.1.1.1")]),
    Case("odd-queries", [route(query("a-b", **text(exact="1"))), route(query("a.b", **text(exact="1")), to(V2))], [
        get("/?a-b=1"), get("/?a.b=1"), get("/?a_b=1"),
    ]),
    Case("grpc", chosen({"prefix": "/", "grpc": {}}), [
        get(), post("/a", "Content-Type: application/grpc"), post("/a", "Content-Type: application/grpc+proto"),
        post("/a", "Content-Type: application/grpc-web"),
    ]),
    Case("no-route", [route({"path": "/only"})], [get("/only"), get("/other"), post("/other")]),
    Case("domains", [route()], [
        get(host=host) for host in ("a.wild.test", "a.b.wild.test", "A.WILD.TEST", "a.wild.test:8080", "pre.x", "pre.x:80")
    ], host={"domains": ["*.wild.test", "pre.*", "domains.example"]}),
    Case("ports", [route()], [
        get(host=host) for host in ("ports.example", "ports.example:80", "ports.example:1")
    ], configuration={"ignore_port_in_host_matching": False}),
    Case("merging", chosen({"prefix": "/foo"}), WITH_PATHS, manager={"merge_slashes": True}),
    Case("literal", chosen({"prefix": "/foo"}), WITH_PATHS, manager={"normalize_path": False}),
    Case("unescaping", chosen({"prefix": "/foo/"}), WITH_PATHS, manager={
        "merge_slashes": True, _SLASHES: "UNESCAPE_AND_FORWARD",
    }),
    Case("limits-of-matching", chosen(header("x_a", **text(exact="abc"))), [
        get("/", "x_a: abc"),
        get("/", "x-a: abc", limit="names with - and _ are one"),
        get("/", "x_a: abc", "x_a: def", limit="values of a header that is sent twice are one"),
    ]),
    Case("limits-of-queries", chosen(query("a", **text(exact="1"))), [
        get("/?a=%31", limit="parameters are compared decoded"), get("/?%61=1", limit="parameters are compared decoded"),
    ]),
    Case("limits-of-slashes", chosen({"prefix": "/foo/"}), [
        get("/foo/x"),
        get("/foo%2Fbar", limit="404 and not 400"),
    ], manager={_SLASHES: "REJECT_REQUEST"}),
    Case("limits-of-grpc", [route({"path": "/only"})], [grpc("/other", limit="a status of HTTP")]),
]  # fmt: skip
