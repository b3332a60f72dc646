"""Who is no sidecar: a TLS client and a TLS server of Python's, with whatever certificate."""

import base64
import contextlib
import http.client
import http.server
import json
import pathlib
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from library.identity import Authority, make_key
from meshed.account import NAMESPACE as CONTROL_PLANE
from peers.calling import channel
from peers.certificates import WorkloadFiles, new_key, request
from peers.signing import create_certificate

from .application import Answer
from .envoy import MUTUAL_PORT
from .pod import NAMESPACE


class MeshRoot(Authority):
    """The mesh's own, with the key that lies in its Secret: for certificates that it would never give."""

    def __init__(self, server):
        secret = server.get(f"/api/v1/namespaces/{CONTROL_PLANE}/secrets/amesh-ca")
        state = json.loads(base64.b64decode(secret["data"]["authority.json"]))
        (root,) = (each for each in state["roots"] if "activated" in each and "superseded" not in each)
        self.key = serialization.load_pem_private_key(root["key"]["pem"].encode(), None)
        self.certificate = x509.load_pem_x509_certificate(root["certificate"].encode())


class Wardrobe:
    """Certificates as files."""

    def __init__(self, folder, replica):
        self._folder = pathlib.Path(folder)
        self._replica = replica
        self._count = 0

    def issued(self, pod):
        """What `amesh serve` gives the Pod for its token."""
        key = new_key()
        token = (pod.folder / "token").read_text(encoding="utf-8")
        with channel(self._replica, "tls") as connection:
            chain = create_certificate(connection, request(key), token).chain_pem
        self._count += 1
        return WorkloadFiles(self._folder, f"given-{self._count}", chain, key)

    def made(self, authority, account, namespace=NAMESPACE, **options):
        """By an authority's key."""
        key, _ = make_key()
        self._count += 1
        chain = authority.issue_to(key.public_key(), account, namespace, **options).decode()
        return WorkloadFiles(self._folder, f"made-{self._count}", chain, key)

    def made_for_a_minute(self, server, account):
        return self.made(MeshRoot(server), account, seconds=60)


def knock(address, files=None, port=8080, spelled=(), **headers):
    """An answer at 19443; status 0 where the handshake is refused. files: the caller's certificate. spelled: headers whose
    names have underscores."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if files:
        context.load_cert_chain(files.chain, files.key)
    connection = http.client.HTTPSConnection(address, MUTUAL_PORT, timeout=10, context=context)
    named = {name.replace("_", "-"): value for name, value in headers.items()} | dict(spelled)
    if port is not None:
        named["x-amesh-port"] = str(port)
    try:
        connection.request("GET", "/", headers=named)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read().decode())
    except OSError as problem:
        return Answer(0, {}, str(problem))
    finally:
        connection.close()


class Impostor(http.server.ThreadingHTTPServer):
    """At a Pod's 19443. It asks for a certificate, as a sidecar does, and notes which one was shown."""

    daemon_threads = True

    def __init__(self, roots):
        super().__init__(("0.0.0.0", MUTUAL_PORT), _Handler)
        self._roots = roots
        self._files = None
        self.callers = []

    def show(self, files):
        self._files = files
        self.callers.clear()

    def finish_request(self, request, client_address):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._files.chain, self._files.key)
        context.load_verify_locations(cadata=self._roots)
        context.verify_mode = ssl.CERT_REQUIRED
        with contextlib.suppress(OSError):
            request.settimeout(10)
            with context.wrap_socket(request, server_side=True) as secured:
                self.callers.append(dict(secured.getpeercert()["subjectAltName"])["URI"])
                super().finish_request(secured, client_address)

    def shutdown_request(self, request):
        with contextlib.suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)
        request.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.heard = self.headers
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("x-port", self.headers["x-amesh-port"])
        self.end_headers()

    def log_message(self, *_):
        pass


def serve(pod, server_type, *arguments):
    """A server in the Pod's network."""
    server = pod.network.do(lambda: server_type(*arguments))
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    return server
