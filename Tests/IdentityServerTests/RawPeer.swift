import Foundation

/// A client that does not do what clients do.
struct RawPeer: Decodable {
  enum Manners: String {
    /// Connects, no more.
    case silent
    /// Agrees on TLS, no more.
    case shaking
    /// Begins HTTP/2, and stops in the middle of the preface.
    case half
    /// Begins HTTP/2, and answers nothing.
    case deaf
    /// Answers five times that it is there.
    case polite
  }

  /// Whether the server closed the connection.
  var closed: Bool
  /// How often the server asked whether it was there.
  var asked: Int

  private static let script = """
    from json import dumps; import socket, ssl, sys
    place, manners = sys.argv[1:]
    if place.startswith("/"):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(place)
    else:
        peer = socket.create_connection(("127.0.0.1", int(place)))
    peer.settimeout(30)
    received, closed, asked = b"", False, 0
    preface = b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
    try:
        if not place.startswith("/") and manners != "silent":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            peer = context.wrap_socket(peer)
        peer.sendall({"silent": b"", "shaking": b"", "half": preface[:10]}.get(manners, preface))
    except (ConnectionError, ssl.SSLError):
        # On a busy machine this peer may be slower than the server is patient.
        closed = True
    while not closed and not (manners == "polite" and asked == 5):
        try:
            more = peer.recv(65536)
        except (ConnectionError, ssl.SSLError):
            more = b""
        received, closed = received + more, not more
        while len(received) >= 9:
            length = int.from_bytes(received[:3], "big")
            kind, flags, content = received[3], received[4], received[9:9 + length]
            if len(content) < length:
                break
            received = received[9 + length:]
            if kind == 6 and not flags & 1:
                asked += 1
                if manners == "polite":
                    peer.sendall(bytes([0, 0, 8, 6, 1, 0, 0, 0, 0]) + content)
    print(dumps({"closed": closed, "asked": asked}))
    """

  /// - Parameter place: the path of a Unix socket, or a port.
  static func run(_ manners: Manners, at place: String) async throws -> RawPeer {
    try await JSONDecoder().decode(RawPeer.self, from: PythonClient.run(script, [place, manners.rawValue]))
  }
}
