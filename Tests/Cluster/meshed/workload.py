"""A Pod's side of identity: its token, and what it gets for it."""

import base64
import json
import os
import pathlib
import time

import grpc
from cryptography.hazmat.primitives import serialization
from peers import signing
from peers.calling import channel
from peers.certificates import certificates, new_key, openssl_verify, request, uris
from peers.discovery import Stream, answer, chain_and_key, node, roots, secrets
from peers.discovery import request as discovery_request
from peers.tokens import TokenSigner

from .account import request_token

AUDIENCE = "amesh-ca"
TRUST_DOMAIN = "cluster.local"


def spiffe_id(namespace, account):
    return f"spiffe://{TRUST_DOMAIN}/ns/{namespace}/sa/{account}"


def pod_token(server, created, *, audiences=(AUDIENCE,)):
    """The one that the kubelet would put into the Pod."""
    metadata = created["metadata"]
    account = created["spec"]["serviceAccountName"]
    return request_token(server, metadata["namespace"], account, audiences=audiences, pod=created)


def sign(place, token, transport="tls"):
    """Through the CSR API: the chain in PEM and the roots that came with it. place: a replica, or the mesh itself."""
    with channel(place, transport) as connection:
        signed = signing.create_certificate(connection, request(new_key()), token)
        return signed.chain, signed.bundle


def verified_id(folder, chain, bundle):
    """The SPIFFE ID of a chain that openssl finds good."""
    problem = openssl_verify(folder, chain[0], chain[1:], bundle)
    assert problem is None, problem
    (leaf,) = certificates(chain[0])
    (name,) = uris(leaf)
    return name


class Sidecar:
    """An SDS stream for its own certificate and the roots; what came last is in `chain` and `bundle`."""

    def __init__(self, place, token, transport="tls", *, seconds=300):
        self._connection = channel(place, transport)
        self._stream = Stream(self._connection, token, seconds=seconds)
        self._stream.send(discovery_request(["default", "ROOTCA"], described=node()))
        self.chain = self.bundle = None
        self.pushes = 0

    def receive(self):
        """Takes the next response and acknowledges it; grpc.RpcError where the stream ends."""
        response = self._stream.receive()
        for name, secret in secrets(response).items():
            if name == "ROOTCA":
                self.bundle = roots(secret)
            else:
                self.chain, _ = chain_and_key(secret)
        self._stream.send(answer(response, ["default", "ROOTCA"]))
        self.pushes += 1
        return self

    def serial(self):
        return certificates(self.chain)[0].serial_number

    def until_end(self):
        """Takes all that comes until the stream ends; the status."""
        while True:
            try:
                self.receive()
            except grpc.RpcError as error:
                return error.code()
            except StopIteration:
                return grpc.StatusCode.OK

    def close(self):
        self._stream.close()
        self._connection.close()


# Tokens that no API server gives out


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def key_id(token):
    header = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]


def forged(like, *, signer, **changes):
    """A token with the claims of another but for the changes."""
    found = {**claims(like), **changes}
    kubernetes = found["kubernetes.io"]
    return signer.token(kubernetes["namespace"], kubernetes["serviceaccount"]["name"], **found)


def stranger(like):
    """Another cluster's key under the name of ours."""
    signer = TokenSigner("RS256")
    signer.id = key_id(like)
    return signer


def cluster_signer(like):
    """The cluster's own key, where the cluster is ours; else None."""
    folder = os.environ.get("CLUSTER_DIRECTORY")
    if not folder:
        return None
    signer = stranger(like)
    key = (pathlib.Path(folder) / "service-account.key").read_bytes()
    signer._key = serialization.load_pem_private_key(key, None)
    return signer


def expired(seconds=3600):
    now = int(time.time())
    return {"iat": now - 2 * seconds, "nbf": now - 2 * seconds, "exp": now - seconds}
