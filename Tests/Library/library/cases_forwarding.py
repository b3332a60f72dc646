"""What an application sees of a request, and a client of its answer."""

from .cases import HTTP2, MIRROR, V1, V2, Case, added, each, get, grpc, post, redirected, route, to

_SPELLINGS = [
    get(f"/foo{rest}")
    for rest in (
        "", "/", "/bar", "bar", "?x=1", "/bar?x=a%20b&y", "/a%20b", "/a%2Fb", "//b", "/a%3Fb", "/%E4%BD%A0", "/a+b",
        "/a;b", "/a:b@c", "/a'b(c)", "/a,b!c$d&e=f*g", "/a%25b", "/a%22b", "/?", "?", "/~x", "/a%26b", "/../foo/x",
        "/%7Ex", '/"x', "/[x]", "/%5Bx%5D", "/a%0d%0aX-Injected:%201", "/%20HTTP/1.1%0d%0a", "/a%09b",
    )
]  # fmt: skip
_REDIRECTED = [
    get("/foo"), get("/foo/x?a=b%20c"), get("/foo/a%20b"), get("/foo/a%2Fb//c?x"), post("/foo"), get("/foo", method="HEAD"),
    get("/foo", "X-Forwarded-Proto: https"), get("/foo/a%0d%0aX-Injected:%201"),
]  # fmt: skip
_ANY, _FOO = {"prefix": "/"}, {"prefix": "/foo"}
_REDIRECTS = {
    "path": (_ANY, {"path_redirect": "/new"}),
    "path-query": (_ANY, {"path_redirect": "/new?x=1"}),
    "host": (_ANY, {"host_redirect": "new.example"}),
    "host-path": (_ANY, {"host_redirect": "new.example", "path_redirect": "/n"}),
    "https": (_ANY, {"https_redirect": True}),
    "port": (_ANY, {"port_redirect": 8443}),
    "prefix": (_FOO, {"prefix_rewrite": "/bar"}),
    "prefix-strip": (_FOO, {"prefix_rewrite": "/bar", "strip_query": True}),
    "regex": (_ANY, {"regex_rewrite": {"pattern": {"regex": "^/foo(.*)$"}, "substitution": "/r\\1"}}),
    "regex-all": (_ANY, {"regex_rewrite": {"pattern": {"regex": ".*"}, "substitution": "/all"}}),
    "prefix-none": (_FOO, {"host_redirect": "new.example", "prefix_rewrite": ""}),
    "see-other": (_ANY, {"path_redirect": "/n", "response_code": "SEE_OTHER"}),
    "permanent": (_ANY, {"path_redirect": "/n", "response_code": "PERMANENT_REDIRECT"}),
    "strip": (_ANY, {"path_redirect": "/n", "strip_query": True}),
    "all": (_ANY, {"https_redirect": True, "host_redirect": "h.example", "port_redirect": 444, "path_redirect": "/z"}),
}
_REWRITES = {
    "prefix": (_FOO, {"prefix_rewrite": "/bar"}),
    "prefix-root": ({"prefix": "/foo/"}, {"prefix_rewrite": "/"}),
    "separated": ({"path_separated_prefix": "/foo"}, {"prefix_rewrite": "/bar"}),
    "exact": ({"path": "/foo"}, {"prefix_rewrite": "/bar"}),
    "encoded": (_FOO, {"prefix_rewrite": "/b%20r"}),
    "query": (_FOO, {"prefix_rewrite": "/bar?x=1"}),
    "dollar": (_FOO, {"prefix_rewrite": "/b$1"}),
    "regex": (_FOO, {"regex_rewrite": {"pattern": {"regex": "/foo/([^/?]*)"}, "substitution": "/\\1/foo"}}),
    "regex-all": (_FOO, {"regex_rewrite": {"pattern": {"regex": "(.*)"}, "substitution": "/all\\1"}}),
    "regex-twice": (_FOO, {"regex_rewrite": {"pattern": {"regex": "o"}, "substitution": "0"}}),
    "host": (_FOO, {"host_rewrite_literal": "other.example"}),
    "host-port": (_FOO, {"host_rewrite_literal": "other.example:8080"}),
    "host-auto": (_FOO, {"auto_host_rewrite": True}),
}
_CHUNKED = {"body": b"5\r\nhello\r\n0\r\n\r\n"}
_PLAIN = [
    *(get(target) for target in (
        "/", "/a?b=c", "/a?", "/a?b", "/a?b=&c=1", "/a%2Fb", "/a//b", "/a/../b", "/a/./b", "/%7Ea", "/%c3%a9", "/a%20b",
        "/a+b", "/a;b=c", "/a%3Fb", "/a%23b", "/a?x=a%20b&y=%2F", "/a?x=1;y=2", "/%61", "/a\\b", "/a%5Cb", "/a/%2e%2e/b",
        "/a/..%2fb", "/a%00b", "/a[b]", "/a|b", '/a"b', "/a<b>", "/a{b}", "/a^b`", "/*", "//", "//a", "/a/", "/.",
        "/a/..", "/a/b/..", "/..a", "/.a", "/a/.b/./c", "/%252e", "/?a=//b/../c", "/" + "a" * 6000, "/?" + "a" * 30000,
        "http://plain.example/abs?x=1", "http://plain.example", "?a=b", "a", "",
    )),
    *(get(method=method) for method in ("HEAD", "OPTIONS", "DELETE", "PROPFIND")),
    post(), get(method="PATCH", body=b"hello"), post("/", "Transfer-Encoding: chunked", **_CHUNKED),
    post("/", "Expect: 100-continue"),
    *(get("/", *headers) for headers in (
        ("X-Mixed-Case: AbC", "X-Two: 1", "X-Two: 2", "x_under_score: 1", "X-Empty:", "X-Spaces:   a b  "),
        ("Cookie: a=1", "Cookie: b=2"), ("Cookie: a=1; b=2",), ("X-Big: " + "a" * 40000,),
        tuple(f"X-{number}: {number}" for number in range(90)),
        ("Connection: close",), ("Connection: x-a", "X-A: 1"), ("Connection: keep-alive, X-A", "X-A: 1", "X-B: 2"),
        ("Keep-Alive: 5",), ("Proxy-Connection: keep-alive",), ("User-Agent: x",), ("Accept-Encoding: gzip",),
        ("Authorization: Bearer x",), ("X-Amesh-Port: 1",), ("X-Request-Id: 1",),
    )),
    *(get("/", f"X-Answer: {status}") for status in (204, 206, 302, 304, 401, 404, 418, 500, 503)),
    *(get("/", f"X-Say: {lines}") for lines in (
        "X-A: 1|X-A: 2|Set-Cookie: a=1|Set-Cookie: b=2|X-Empty:", "Server: mine|X-Powered-By: a|Status: 404",
        "X-Accel-Redirect: /x|X-Accel-Buffering: no|X-Accel-Charset: koi8-r|X-Accel-Limit-Rate: 1|X-Pad: a",
        "Connection: close", "Content-Encoding: gzip", "Content-Type: text/plain", "Content-Type: text/html; charset=x",
        "ETag: \"a\"|Cache-Control: no-store|Vary: a|Link: <a>", "X-Big: " + "b" * 20000,
        "Location: http://10.0.1.1:9080/x",
    )),
    *(get(host=host) for host in ("PLAIN.example", "plain.example:80", "plain.example:1234", "plain.example:", "", "a b")),
]  # fmt: skip
_LIMITS = [
    *(get(target, limit="refused by nginx") for target in ("/%2e%2e/a", "/..", "/a%", "/a%zz", "/" + "a" * 7000)),
    get(method="TRACE", limit="refused"), get(method="CONNECT", limit="refused, by another status"),
    get(host="limits.example.", limit="a dot behind the host is left out"),
    get("/", "X-Envoy-Upstream-Rq-Timeout-Ms: 1000", limit="asks for nothing"),
    get("/", "Upgrade: foo", "Connection: Upgrade", limit="not upgraded"),
]  # fmt: skip
_RESPONSE = [
    added("x-add", "1"), added("x-set", "1", "OVERWRITE_IF_EXISTS_OR_ADD"), added("x-absent", "1", "ADD_IF_ABSENT"),
    added("set-cookie", "m=1; Path=/"), added("link", "<https://a.example/>; rel=x"), added("x-path", "%REQ(:PATH)%"),
]  # fmt: skip
_REQUEST = [added(*words) for words in (
    ("x-add", "1"), ("x-set", "1", "OVERWRITE_IF_EXISTS_OR_ADD"), ("x-absent", "1", "ADD_IF_ABSENT"),
    ("x-path", "%REQ(:PATH)%"), ("x-host", "%REQ(:AUTHORITY)%"), ("x-method", "%REQ(:METHOD)%"), ("x-percent", "100%%"),
    ("x-remote", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"), ("x-protocol", "%PROTOCOL%"), ("x-dollar", "a$b${c}"),
)]  # fmt: skip
_INBOUND = [request for request in _PLAIN if request.host is None]


def _rewritten(setting):
    match, action = setting
    return [route(match, to(**action)), route(action=to(V2))]


CASES = [
    Case("plain", [route()], _PLAIN),
    Case("limits", [route()], _LIMITS),
    Case("inbound", [], [*_INBOUND, get(host="any.example"), get("/", host="10.9.0.1:8080")], is_inbound=True),
    *each("rewrite", _REWRITES, _SPELLINGS, _rewritten),
    *each("redirect", _REDIRECTS, _REDIRECTED, lambda setting: redirected(setting[0], **setting[1])),
    Case("request-headers", [route(request_headers_to_add=_REQUEST, request_headers_to_remove=["x-drop", "user-agent"])], [
        *_SPELLINGS,
        get("/", "X-Add: 0", "X-Set: 0", "X-Absent: 0", "X-Drop: 1", "User-Agent: x"),
        get("/", "X-Add: 0", "X-Add: 00", "X-Set: 0", "X-Set: 00", "X-Drop: 1", "X-Drop: 2"),
    ]),
    Case("response-headers", [route(response_headers_to_add=_RESPONSE, response_headers_to_remove=["x-drop", "server"])], [
        get(), get("/", "X-Answer: 404"), get("/", "X-Answer: 503"),
        get("/", "X-Say: X-Add: 0|X-Set: 0|X-Absent: 0|X-Drop: 1"),
        get("/", "X-Say: X-Add: 0|X-Add: 00|X-Set: 0|X-Set: 00|X-Drop: 1|X-Drop: 2"),
        get("/", "X-Say: Set-Cookie: a=1|Set-Cookie: b=2|Link: <y>"),
    ]),
    Case("one-of-weighted", [route(action={"timeout": "0s", "weighted_clusters": {"clusters": [
        {
            "name": V1, "weight": 100, "request_headers_to_add": [added("x-w", "1")], "host_rewrite_literal": "w.example",
            "response_headers_to_remove": ["x-a"],
        },
        {"name": V2, "weight": 0},
    ]}})], [get("/a%2Fb", "X-Say: X-A: 1")]),
    # Envoy marks the host of what it mirrors, which APISIX does not.
    Case("mirrored", [route({"prefix": "/foo"}, to(prefix_rewrite="/bar", request_mirror_policies=[{"cluster": MIRROR}]))], [
        get("/foo/a%2Fb%20c?x=1"), post("/foo/x"),
    ], ignored=("host",)),
    # In which version of HTTP the application was asked differs, where it is not gRPC.
    Case("http2", [route({"prefix": "/foo"}, to(HTTP2, prefix_rewrite="/bar")), route(action=to(HTTP2))], [
        get(), get("/foo/x?y"), post("/", "Content-Type: application/json"), grpc("/shop.Cart/Get"), grpc("/foo/a.b"),
    ], ignored=("x-spoken",)),
]  # fmt: skip
