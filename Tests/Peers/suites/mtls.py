"""Two Envoys speak mTLS with what amesh gives them, however they get at it."""

from peers.certificates import uris
from peers.control_plane import identity
from peers.discovery_source import token_file, unix_socket, watched_roots
from peers.sidecar import ClientSidecar, ServerSidecar
from peers.suite import Suite


class MutualTLS(Suite):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plane = cls.control_plane(accounts=["cart", "web"])

    def _static_token(self, account):
        return self.plane.static_tokens[account]

    def _file(self, name, token):
        path = self.folder / f"{self._testMethodName}-{name}"
        path.touch(mode=0o600)
        path.write_text(token, encoding="utf-8")
        return path

    def _speaks(self, source, *, token, roots):
        """source: of an account and its token."""
        sources = {account: source(account, token(account)) for account in ("cart", "web")}
        server = self.sidecar(ServerSidecar, "server", sources["cart"], client=identity("web"), roots=roots)
        client = self.sidecar(
            ClientSidecar, "client", sources["web"], server=identity("cart"), port=server.port, roots=roots
        )
        server.wait_until_ready()
        client.wait_until_ready()
        seen = client.request()
        self.assertEqual(seen.status, 200, seen.body)
        self.assertEqual(seen.client_id, identity("web"), "whom the server saw")
        self.assertEqual(uris(seen.server_certificate), [identity("cart")], "whom the client saw")
        for envoy in (server, client):
            self.assertEqual(envoy.stat(".update_rejected"), 0, f"secrets that {envoy.name} refused")

    def test_socket_static_token(self):
        """mTLS by SDS over the Unix socket, static token, state of the world, ROOTCA"""
        self._speaks(lambda _, token: unix_socket(self.plane, token), token=self._static_token, roots="ROOTCA")

    def test_socket_service_account(self):
        """mTLS by delta SDS over the Unix socket, ServiceAccount token (ES256), SPIFFE validator of ALL"""
        self._speaks(
            lambda _, token: unix_socket(self.plane, token, delta=True),
            token=self.plane.service_account_token,
            roots="ALL",
        )

    def test_tls_static_token(self):
        """mTLS by SDS over TLS with a token file, static token, SPIFFE validator of ALL"""
        self._speaks(
            lambda account, token: token_file(self.plane, self._file(account, token)),
            token=self._static_token,
            roots="ALL",
        )

    def test_tls_service_account(self):
        """mTLS by delta SDS over TLS with a token file, ServiceAccount token (RS256), ROOTCA"""
        self._speaks(
            lambda account, token: token_file(self.plane, self._file(account, token), delta=True),
            token=lambda account: self.plane.service_account_token(account, "RS256"),
            roots="ROOTCA",
        )

    def test_tls_watched_roots(self):
        """mTLS by SDS over TLS with roots that Envoy watches, ServiceAccount token, bundle by its trust domain"""
        self._speaks(
            lambda account, token: watched_roots(self.plane, token, self._folder_of(account)),
            token=self.plane.service_account_token,
            roots="spiffe://peers.example",
        )

    def _folder_of(self, account):
        folder = self.folder / f"{self._testMethodName}-{account}"
        folder.mkdir()
        return folder
