import NIOConcurrencyHelpers
import NIOCore

/// Who is at the other end of a connection, as far as the connection tells.
final class ConnectionPeer: Sendable {
  /// `ipv4:ADDRESS:PORT`, `ipv6:[ADDRESS]:PORT` or `unix:PATH`.
  let address: String
  private let chain = NIOLockedValueBox<[[UInt8]]>([])

  init(_ address: SocketAddress?) { self.address = Self.text(address) }

  /// DER of what was shown in the TLS handshake and verified, the leaf first; empty where nothing was.
  var certificateChain: [[UInt8]] { chain.withLockedValue { $0 } }

  func verified(_ chain: [[UInt8]]) { self.chain.withLockedValue { $0 = chain } }

  private static func text(_ address: SocketAddress?) -> String {
    let port = address?.port ?? 0
    return switch address {
    case .v4: "ipv4:\(address?.ipAddress ?? ""):\(port)"
    case .v6: "ipv6:[\(address?.ipAddress ?? "")]:\(port)"
    case .unixDomainSocket: "unix:\(address?.pathname ?? "")"
    case nil: "unknown"
    }
  }
}
