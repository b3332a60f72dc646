"""An identity server that does what a test wants of it: certificates for whoever has a token, and who is behind an address."""

import concurrent.futures
import datetime
import queue
import threading

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from envoy.service.discovery.v3 import discovery_pb2

SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
WORKLOAD = "type.googleapis.com/amesh.workload.v1.Workload"
TRUST_DOMAIN = "cluster.local"


def spiffe_id(account, namespace="shop", trust_domain=TRUST_DOMAIN):
    return f"spiffe://{trust_domain}/ns/{namespace}/sa/{account}"


class Authority:
    def __init__(self, name="root"):
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.timezone.utc)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, public_key, names, seconds=3600):
        """PEM of a leaf with these alternative names."""
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(seconds=max(120, 120 - seconds)))
            .not_valid_after(now + datetime.timedelta(seconds=seconds))
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
            )
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)

    def issue_to(self, public_key, account, namespace="shop", trust_domain=TRUST_DOMAIN, seconds=3600):
        domain = f"sa.{trust_domain}"
        names = [x509.UniformResourceIdentifier(spiffe_id(account, namespace, trust_domain))]
        names += [x509.DNSName(name) for name in (f"{account}.{namespace}.{domain}", f"{namespace}.{domain}", domain)]
        return self.issue(public_key, names, seconds)


def make_key():
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key, pem


def _usage(signs):
    others = {
        name: False
        for name in (
            "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
            "decipher_only",
        )
    }  # fmt: skip
    return x509.KeyUsage(digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, **others)


def _varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def workload(account, ports=((8080, 8080),), mtls_port=19443, mode=1, namespace="shop"):
    """amesh.workload.v1.Workload, written by hand: xds-protos has none of ours."""
    identity = spiffe_id(account, namespace).encode()
    message = b"\x0a" + _varint(len(identity)) + identity
    if mtls_port:
        message += b"\x10" + _varint(mtls_port)
    message += b"\x18" + _varint(mode)
    for first, last in ports:
        ends = b"\x08" + _varint(first) + b"\x10" + _varint(last)
        message += b"\x22" + _varint(len(ends)) + ends
    return message


class _Stream:
    def __init__(self, account):
        self.account = account
        self.outgoing = queue.Queue()
        self.csr = None
        self.names = set()
        self.nonce = 0

    def send(self, type_url, resources=(), removed=()):
        self.nonce += 1
        response = discovery_pb2.DeltaDiscoveryResponse(type_url=type_url, nonce=str(self.nonce), removed_resources=removed)
        for name, value in resources:
            response.resources.add(name=name, version=str(self.nonce)).resource.MergeFrom(_packed(type_url, value))
        self.outgoing.put(response)

    def responses(self):
        while (response := self.outgoing.get()) is not None:
            yield response


def _packed(type_url, value):
    resource = discovery_pb2.Resource()
    resource.resource.type_url = type_url
    resource.resource.value = value
    return resource.resource


class IdentityServer:
    """A token is the name of its ServiceAccount."""

    def __init__(self, address):
        self.lock = threading.RLock()
        self.authority = Authority()
        # What is trusted, in PEM.
        self.roots = [self.authority.pem]
        self.seconds = 3600
        self.workloads = {}
        self.secrets = []
        self.discoveries = []
        # Of each certificate: the account, and the request.
        self.issued = []
        self.errors = []
        self.address = address
        self.server_key, key = make_key()
        self.tls_root = Authority("server")
        chain = self.tls_root.issue(self.server_key.public_key(), [x509.DNSName("amesh.test")])
        self._credentials = grpc.ssl_server_credentials([(key, chain)])
        self._server = None
        self.listen()

    def listen(self):
        self._server = grpc.server(
            concurrent.futures.ThreadPoolExecutor(max_workers=16), options=[("grpc.so_reuseport", 0)]
        )
        for service, method, handler in (
            ("envoy.service.secret.v3.SecretDiscoveryService", "DeltaSecrets", self._secrets),
            ("amesh.workload.v1.WorkloadDiscoveryService", "DeltaWorkloads", self._workloads),
        ):
            rpc = grpc.stream_stream_rpc_method_handler(
                handler,
                request_deserializer=discovery_pb2.DeltaDiscoveryRequest.FromString,
                response_serializer=discovery_pb2.DeltaDiscoveryResponse.SerializeToString,
            )
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: rpc}),))
        assert self._server.add_secure_port(self.address, self._credentials)
        self._server.start()

    def stop(self):
        with self.lock:
            streams = self.secrets + self.discoveries
            self.secrets, self.discoveries = [], []
        for stream in streams:
            stream.outgoing.put(None)
        if self._server:
            self._server.stop(0).wait(5)
            self._server = None

    def _caller(self, context):
        for name, value in context.invocation_metadata():
            if name == "authorization" and value.startswith("Bearer "):
                return value.removeprefix("Bearer ")
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "who calls?")

    def _serve(self, context, streams, requests, take):
        stream = _Stream(self._caller(context))
        with self.lock:
            streams.append(stream)

        def read():
            try:
                for request in requests:
                    with self.lock:
                        if request.HasField("error_detail"):
                            self.errors.append(request.error_detail.message)
                        take(stream, request)
            except Exception:  # the stream is over
                pass
            stream.outgoing.put(None)

        threading.Thread(target=read, daemon=True).start()
        yield from stream.responses()

    # Certificates

    def _secrets(self, requests, context):
        def take(stream, request):
            fields = request.node.metadata.fields
            if "amesh.csr" in fields and fields["amesh.csr"].string_value != stream.csr:
                stream.csr = fields["amesh.csr"].string_value
                self._issue(stream, bool(request.resource_names_subscribe))

        yield from self._serve(context, self.secrets, requests, take)

    def _issue(self, stream, with_roots):
        public_key = x509.load_pem_x509_csr(stream.csr.encode()).public_key()
        chain = self.authority.issue_to(public_key, stream.account, seconds=self.seconds)
        self.issued.append((stream.account, stream.csr))
        secrets = [("default", secret_pb2.Secret(name="default"))]
        secrets[0][1].tls_certificate.certificate_chain.inline_bytes = chain
        if with_roots:
            secrets.append(("ROOTCA", self._bundle()))
        stream.send(SECRET, [(name, secret.SerializeToString()) for name, secret in secrets])

    def _bundle(self):
        secret = secret_pb2.Secret(name="ROOTCA")
        secret.validation_context.trusted_ca.inline_bytes = b"".join(self.roots)
        return secret

    def push_roots(self, *authorities):
        with self.lock:
            self.roots = [authority.pem for authority in authorities]
            for stream in self.secrets:
                stream.send(SECRET, [("ROOTCA", self._bundle().SerializeToString())])

    def push_certificates(self):
        """The next ones, for the keys in use."""
        with self.lock:
            for stream in self.secrets:
                self._issue(stream, False)

    # Peers

    def _workloads(self, requests, context):
        def take(stream, request):
            stream.names |= set(request.resource_names_subscribe)
            stream.names -= set(request.resource_names_unsubscribe)
            if request.resource_names_subscribe:
                self._tell(stream, request.resource_names_subscribe)

        yield from self._serve(context, self.discoveries, requests, take)

    def _tell(self, stream, names):
        known = [(name, self.workloads[name]) for name in names if name in self.workloads]
        stream.send(WORKLOAD, known, [name for name in names if name not in self.workloads])

    def set_workload(self, address, message):
        """None: nobody is there."""
        with self.lock:
            if message is None:
                self.workloads.pop(address, None)
            else:
                self.workloads[address] = message
            for stream in self.discoveries:
                if address in stream.names:
                    self._tell(stream, [address])
