"""TLS peers without a sidecar, whose certificates are what a test wants them to be."""

import contextlib
import socket
import ssl
import threading

from cryptography import x509

from .process import LOOPBACK

_TIMEOUT = 10


def get(port, workload):
    """A request to a server's sidecar from a workload with these files: the answer's first line.

    Raises OSError, of which ssl.SSLError is one, where the sidecar does not let it in.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, workload)
    with _connected(context, port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: service\r\nconnection: close\r\n\r\n")
        # With TLS 1.3 a client learns only now that it was refused.
        first = connection.recv(4096)
        if not first:
            raise ConnectionResetError("closed without an answer")
        return first.decode().splitlines()[0]


def presented(port):
    """The certificate that a server's sidecar shows to whoever asks."""
    with _connected(_context(ssl.PROTOCOL_TLS_CLIENT), port) as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True))


def trusts(port, roots):
    """Whether what a server's sidecar shows, with its intermediates, ends in one of these roots."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=roots)
    try:
        with _connected(context, port):
            return True
    except ssl.SSLCertVerificationError:
        return False


def is_resumed(port):
    """Whether a server resumes a TLS session that it had with this client."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["h2"])
    with _connected(context, port) as first:
        # The settings of HTTP/2; with TLS 1.3 tickets come before them.
        first.recv(1024)
        session = first.session
    with _connected(context, port, session) as second:
        second.recv(1024)
        return second.session_reused


def speaks_tls(port, version):
    """Whether a server takes a handshake of that version and none newer."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = version
    try:
        with _connected(context, port):
            return True
    except ssl.SSLError:
        return False


def _context(protocol, workload=None):
    context = ssl.SSLContext(protocol)
    if protocol == ssl.PROTOCOL_TLS_CLIENT:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if workload:
        context.load_cert_chain(workload.chain, workload.key)
    return context


@contextlib.contextmanager
def _connected(context, port, session=None):
    plain = socket.create_connection((LOOPBACK, port), _TIMEOUT)
    with plain, context.wrap_socket(plain, session=session) as connection:
        yield connection


class TLSServer:
    """Answers each request with 200, as a workload with these files."""

    def __init__(self, workload):
        self._context = _context(ssl.PROTOCOL_TLS_SERVER, workload)
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            with plain, contextlib.suppress(OSError):
                plain.settimeout(_TIMEOUT)
                with self._context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")

    def stop(self):
        # Closing alone does not end an accept that waits.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(_TIMEOUT)
