import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

extension APIError {
  /// Takes what the HTTP client throws for what it is.
  init(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as TransportError: self = .transport(error)
    default: self = .transport(TransportError(TransportError.Kind(error), "\(error)"))
    }
  }
}

extension TransportError.Kind {
  fileprivate init(_ error: any Error) {
    switch error {
    case is CancellationError: self = .cancelled
    case let error as HTTPClientError: self = Self.kind(of: error)
    case is NIOConnectionError: self = .unreachable
    case is NIOSSLExtraError: self = .untrusted
    case let error as NIOSSLError: self = if case .handshakeFailed = error { .untrusted } else { .cut }
    case let error as IOError:
      self = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(error.errnoCode) ? .unreachable : .cut
    case let error as ChannelError: self = if case .connectTimeout = error { .unreachable } else { .cut }
    default: self = .cut
    }
  }

  private static func kind(of error: HTTPClientError) -> Self {
    switch error {
    case .cancelled: .cancelled
    case .readTimeout, .writeTimeout, .deadlineExceeded: .timedOut
    case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout: .unreachable
    default: .cut
    }
  }
}
