import Foundation

/// Python's TLS as a client that is not ours: connects twice, and offers the session of the first connection again.
struct TLSProbe: Decodable {
  /// Of the certificate that the server showed first.
  var serial: String
  var version: String
  /// Whether the server gave a ticket to come back with.
  var ticket: Bool
  /// Whether the second connection resumed the session.
  var reused: Bool

  private static let script = """
    from json import dumps; import socket, ssl, sys
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=sys.stdin.read())
    context.set_alpn_protocols(["h2"])
    def connect(session=None):
        plain = socket.create_connection((sys.argv[2], int(sys.argv[1])), timeout=20)
        connection = context.wrap_socket(plain, server_hostname=sys.argv[3], session=session)
        # HTTP/2's preface and empty settings; with the answer come the tickets.
        connection.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        connection.recv(9)
        return connection
    first = connect()
    certificate, session, version = first.getpeercert(), first.session, first.version()
    first.close()
    second = connect(session)
    print(dumps({"serial": certificate["serialNumber"], "version": version,
                 "ticket": bool(session and session.has_ticket), "reused": second.session_reused}))
    """

  /// - Parameters:
  ///   - roots: PEM, by which the server is verified.
  ///   - name: what it has to be called in its certificate.
  static func run(
    host: String = "127.0.0.1",
    port: UInt16,
    roots: String,
    name: String = "localhost"
  ) async throws -> TLSProbe {
    let output = try await PythonClient.run(script, ["\(port)", host, name], input: roots)
    return try JSONDecoder().decode(TLSProbe.self, from: output)
  }
}
