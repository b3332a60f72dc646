import AdmissionWebhook
import Testing

/// Clients that negotiate HTTP/2 and then leave the server waiting.
struct SilentHTTP2Tests {
  private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
  /// Frames of RFC 9113: length (3 bytes), type, flags, stream (4 bytes), payload.
  private static let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
  private static let settingsAcknowledged: [UInt8] = [0, 0, 0, 4, 1, 0, 0, 0, 0]
  /// HEADERS of stream 1 that announces 64 bytes and brings one.
  private static let halfHeaders: [UInt8] = [0, 0, 64, 1, 4, 0, 0, 0, 1, 0x82]

  static let openings: [(String, [UInt8])] = [
    ("nothing", []),
    ("half a preface", Array(preface.prefix(10))),
    ("a preface only", preface),
    ("settings, and no answer to PING", preface + settings),
    ("settings acknowledged", preface + settings + settingsAcknowledged),
    ("half a HEADERS frame", preface + settings + settingsAcknowledged + halfHeaders),
  ]

  @Test(.timeLimit(.minutes(1)), arguments: openings)
  func `silent h2 client is closed`(name: String, opening: [UInt8]) async throws {
    try await withWebhook {
      $0.timeouts.idle = .milliseconds(200)
    } _: { webhook in
      let tls = try webhook.clientTLS(applicationProtocols: ["h2"])
      try await RawConnection.open(port: webhook.port, tls: tls) { connection in
        if !opening.isEmpty { try await connection.send(opening) }
        // Ends only when the server closes.
        _ = await connection.readToEnd()
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `an unfinished preface has the time of a request`() async throws {
    try await withWebhook {
      $0.timeouts.request = .milliseconds(200)
    } _: { webhook in
      let tls = try webhook.clientTLS(applicationProtocols: ["h2"])
      try await RawConnection.open(port: webhook.port, tls: tls) { connection in
        try await connection.send(Array(Self.preface.prefix(10)))
        _ = await connection.readToEnd()
      }
    }
  }
}
