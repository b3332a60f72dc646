"""What proxies answer by themselves, and what they do where applications fail."""

from .cases import ALWAYS, EMPTY, REFUSING, V1, Case, added, get, grpc, own, post, route, to

_RETRIED = {
    "retry_on": "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
    "num_retries": 2,
    "retriable_status_codes": [503],
}
_PREFLIGHT = "Access-Control-Request-Method: GET"
_ORIGINS = {
    "exact": {"allow_origin_string_match": [{"exact": "https://a.example"}], "allow_credentials": True},
    "regex": {"allow_origin_string_match": [{"safe_regex": {"regex": "https://a.*"}}, {"prefix": "https://c"}]},
    "all": {"allow_origin_string_match": [{"exact": "*"}], "allow_credentials": True},
}
# The plugin says of every response what a preflight asks for.
_PREFLIGHTS_OWN = (
    "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age", "vary", "content-type",
)  # fmt: skip


def _cors(settings):
    settings = {"allow_methods": "GET,POST", "allow_headers": "x-a,x-b", "max_age": "86400", **settings}
    return [route(typed_per_filter_config=own("cors", "cors.v3.CorsPolicy", filter_enabled={"default_value": ALWAYS}, **settings))]


def _fault(**settings):
    return [route(typed_per_filter_config=own("fault", "fault.v3.HTTPFault", **settings))]


def _direct(path, status, body=None, **fields):
    response = {"status": status, **({"body": {"inline_string": body}} if body else {})}
    return {"match": {"path": path}, "direct_response": response, **fields}


_TYPE = [added("content-type", "application/json", "OVERWRITE_IF_EXISTS_OR_ADD")]
_ADDED = {"response_headers_to_add": [added("x-r", "1")]}
_ABORT = {"http_status": 418, "percentage": ALWAYS}
_DELAY = {"fixed_delay": "0.2s", "percentage": ALWAYS}

CASES = [
    Case("direct", [
        _direct("/a", 200, "hello $x ${y}"), _direct("/b", 418), _direct("/c", 200, '{"a": 1}', response_headers_to_add=_TYPE),
        _direct("/d", 503, "no"), _direct("/e", 403, "no", **_ADDED),
    ], [get("/a"), post("/a"), get("/a", method="HEAD"), get("/b"), get("/c"), get("/d"), get("/e")]),
    Case("no-upstream", [route({"path": "/empty"}, to(EMPTY), **_ADDED), route(action=to("nowhere"), **_ADDED)], [
        get("/empty"), post("/empty"),
    ]),
    Case("unknown", [route(action=to("nowhere"))], [get()]),
    Case("refusing", [route(action=to(REFUSING), **_ADDED)], [get(), post()]),
    Case("abort", _fault(abort=_ABORT), [get(), post(), get(method="HEAD")]),
    Case("abort-none", _fault(abort={**_ABORT, "percentage": {"numerator": 0}}), [get()]),
    Case("abort-grpc", _fault(abort={"grpc_status": 14, "percentage": ALWAYS}), [grpc()]),
    Case("abort-some", _fault(abort=_ABORT, headers=[{"name": "x-f", "string_match": {"exact": "1"}}]), [
        get(), get("/", "X-F: 1"),
    ]),
    Case("delay", _fault(delay=_DELAY), [get()]),
    Case("delay-abort", _fault(delay=_DELAY, abort=_ABORT), [get()]),
    Case("asked", _fault(abort={"header_abort": {}, "percentage": ALWAYS}, delay={"header_delay": {}, "percentage": ALWAYS}), [
        get(), get("/", "x-envoy-fault-abort-request: 429"), get("/", "x-envoy-fault-delay-request: 100"),
        get("/", "x-envoy-fault-abort-request: 99"),
    ]),
    Case("timeout", [route(action=to(timeout="0.3s"))], [get(), get("/", "X-Wait: 0.8"), post("/", "X-Wait: 0.8")]),
    Case("no-timeout", [route()], [get("/", "X-Wait: 1.5")]),
    Case("retry", [route(action=to(retry_policy=_RETRIED))], [
        *(get("/", f"X-Answer: {answers}") for answers in (
            "200", "503 200", "503", "503 503 200", "500 200", "502 200", "504 200", "404 200",
        )),
        post("/", "X-Answer: 503 200", limit="not tried again"),
    ]),
    Case("retry-refused", [route(action=to(REFUSING, retry_policy=_RETRIED))], [get(), post()]),
    Case("retry-each", [route(action=to(timeout="3s", retry_policy={
        "retry_on": "5xx,gateway-error", "num_retries": 1, "per_try_timeout": "0.3s",
    }))], [get("/", "X-Wait: 0.7"), get("/", "X-Answer: 500 200", limit="not tried again")]),
    *(Case(f"cors-{name}", _cors(settings), [
        get(), get("/", "Origin: https://a.example"), get("/", "Origin: https://b.example"),
        get("/", "Origin: https://a.example", _PREFLIGHT, method="OPTIONS"),
        get("/", "Origin: https://b.example", _PREFLIGHT, method="OPTIONS"),
        get(method="OPTIONS"), get("/", _PREFLIGHT, method="OPTIONS"), post("/", "Origin: https://a.example"),
        get("/", "Origin: https://a.example", "X-Say: Access-Control-Allow-Origin: *"),
    ], ignored=_PREFLIGHTS_OWN) for name, settings in _ORIGINS.items()),
    Case("require-tls", [route()], [get("/"), get("/a%20b?x=1"), post("/")], host={"require_tls": "ALL"}),
    Case("cluster", [route(action={"cluster_header": "x-c", "timeout": "0s"})], [
        get("/", f"X-C: {V1}", limit="answered 503"), get(),
    ]),
]  # fmt: skip
