"""Tokens of callers: a list of static ones, and ServiceAccount tokens as an API server signs them."""

import base64
import json
import secrets
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

ISSUER = "https://kubernetes.default.svc.cluster.local"
AUDIENCE = "amesh-ca"


def _segment(content):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value, length=None):
    return _segment(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def static_token():
    return secrets.token_urlsafe(32)


class TokenSigner:
    """The key of a cluster's API server."""

    def __init__(self, algorithm="ES256"):
        self.algorithm = algorithm
        self.id = f"peers-{algorithm}-{secrets.token_hex(4)}"
        if algorithm == "ES256":
            self._key = ec.generate_private_key(ec.SECP256R1())
        else:
            self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def jwk(self):
        numbers = self._key.public_key().public_numbers()
        common = {"use": "sig", "kid": self.id, "alg": self.algorithm}
        if self.algorithm == "ES256":
            return {"kty": "EC", "crv": "P-256", "x": _number(numbers.x, 32), "y": _number(numbers.y, 32), **common}
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e), **common}

    def token(self, namespace, account, *, pod="pod-0", lifetime=3600, age=10, **changes):
        """A projected token.

        pod: None for one that is bound to none. age: seconds since it was issued. changes: claims to replace.
        """
        now = int(time.time())
        kubernetes = {"namespace": namespace, "serviceaccount": {"name": account, "uid": f"uid-{account}"}}
        if pod:
            kubernetes["pod"] = {"name": pod, "uid": f"uid-{pod}"}
        claims = {
            "iss": ISSUER,
            "aud": [AUDIENCE],
            "sub": f"system:serviceaccount:{namespace}:{account}",
            "iat": now - age,
            "nbf": now - age,
            "exp": now - age + lifetime,
            "kubernetes.io": kubernetes,
            **changes,
        }
        signed = f"{_segment({'alg': self.algorithm, 'kid': self.id, 'typ': 'JWT'})}.{_segment(claims)}"
        return f"{signed}.{_segment(self._sign(signed.encode()))}"

    def _sign(self, data):
        if self.algorithm != "ES256":
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = utils.decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
