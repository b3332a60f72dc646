"""gRPC as applications speak it: what a server does, and a client, each a program of its own.

  talk.py serve PORT [CHAIN KEY ROOTS]            answers; with certificates by TLS, and asks callers for theirs
  talk.py call ADDRESS [CHAIN KEY ROOTS NAME]     prints, as JSON, what came of each kind of call

A client's sockets are made by threads of gRPC's own, so that none of a test's can have them in another network.
"""

import concurrent.futures
import json
import pathlib
import queue
import sys

import grpc

SAY, TALK, REFUSE = (f"/mesh.Talk/{name}" for name in ("Say", "Talk", "Refuse"))
_SECONDS = 10


def _seen(context):
    """What the server is told of a call."""
    shown = context.peer_identities()
    return {
        "headers": {key: value for key, value in context.invocation_metadata() if isinstance(value, str)},
        "callers": [each.decode() for each in shown or ()],
    }


def _say(request, context):
    context.set_trailing_metadata([("said", "all")])
    return json.dumps({"heard": request.decode(), **_seen(context)}).encode()


def _talk(requests, context):
    """An answer to each message before the next comes."""
    for request in requests:
        yield request.upper()


def _refuse(request, context):
    context.abort(grpc.StatusCode.ALREADY_EXISTS, "there is one")


def _credentials(chain, key, roots):
    return (pathlib.Path(path).read_bytes() for path in (chain, key, roots))


def serve(port, *files):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=16))
    methods = {
        "Say": grpc.unary_unary_rpc_method_handler(_say),
        "Talk": grpc.stream_stream_rpc_method_handler(_talk),
        "Refuse": grpc.unary_unary_rpc_method_handler(_refuse),
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("mesh.Talk", methods)])
    if files:
        chain, key, roots = _credentials(*files)
        credentials = grpc.ssl_server_credentials([(key, chain)], roots, require_client_auth=True)
        server.add_secure_port(f"[::]:{port}", credentials)
    else:
        server.add_insecure_port(f"[::]:{port}")
    server.start()
    print("serves", flush=True)
    server.wait_for_termination()


def _channel(address, files):
    if not files:
        return grpc.insecure_channel(address)
    *files, name = files
    chain, key, roots = _credentials(*files)
    options = [("grpc.ssl_target_name_override", name)]
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(roots, key, chain), options)


def _conversation(channel, metadata, words):
    """The words as the other side says them back: each is said once the one before it was answered."""
    outgoing = queue.Queue()
    talk = channel.stream_stream(TALK)(iter(outgoing.get, None), timeout=_SECONDS, metadata=metadata)
    heard = []
    for word in words:
        outgoing.put(word.encode())
        heard.append(next(talk).decode())
    outgoing.put(None)
    return heard + [answer.decode() for answer in talk]


def call(address, *files):
    spoofed = [("x-forwarded-client-cert", "URI=spiffe://cluster.local/ns/any/sa/admin")]
    # A sidecar finds the port by where a connection was going; who comes to one by TLS says it.
    metadata = [*spoofed, ("x-amesh-port", "8080" if files else "1")]
    result = {}
    with _channel(address, files) as channel:
        try:
            answer, said = channel.unary_unary(SAY).with_call(b"hello", timeout=_SECONDS, metadata=metadata)
            result["say"] = json.loads(answer)
            result["trailers"] = {key: value for key, value in said.trailing_metadata() if isinstance(value, str)}
            result["talk"] = _conversation(channel, metadata, ["one", "two", "three"])
            channel.unary_unary(REFUSE)(b"", timeout=_SECONDS, metadata=metadata)
        except grpc.RpcError as error:
            result["status"], result["details"] = error.code().name, error.details()
    print(json.dumps(result))


if __name__ == "__main__":
    {"serve": serve, "call": call}[sys.argv[1]](*sys.argv[2:])
