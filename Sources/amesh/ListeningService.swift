import Glibc
import NIOCore
import ServiceLifecycle

/// A server whose failure to listen is told in words of the configuration.
struct ListeningService<Server: Service>: Service {
  let server: Server
  let place: ListeningPlace

  func run() async throws {
    do {
      try await server.run()
    } catch let error as IOError {
      throw place.failure(error.errnoCode)
    }
  }
}

/// Where a server is to listen, and how one changes that.
struct ListeningPlace {
  /// The key that holds the address, without `.port`.
  let key: String
  /// The flag that changes the port.
  let flag: String
  let address: String
  let port: Int

  /// - Parameter code: the `errno` of the call that failed.
  func failure(_ code: Int32) -> Failure {
    let host = address.contains(":") ? "[\(address)]" : address
    return Failure(.unavailable, "\(key).port: \(host):\(port) \(explain(code)); \(cure(code))")
  }

  private func explain(_ code: Int32) -> String {
    switch code {
    case EADDRINUSE: "is taken by another process"
    case EACCES: "may not be listened on"
    case EADDRNOTAVAIL: "is no address of this machine"
    default: "cannot be listened on: \(String(cString: strerror(code)))"
    }
  }

  private func cure(_ code: Int32) -> String {
    code == EADDRNOTAVAIL
      ? "set \(key).address to one of its own, or 0.0.0.0"
      : "end that process or choose another port with \(flag)"
  }
}
