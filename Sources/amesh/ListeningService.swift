import Glibc
import NIOCore
import ServiceLifecycle

/// A server whose failure to listen is told in words of the configuration.
struct ListeningService<Server: Service>: Service {
  let server: Server
  /// The key that holds the address, without `.port`.
  let key: String
  /// The flag that changes the port.
  let flag: String
  let address: String
  let port: Int

  func run() async throws {
    do {
      try await server.run()
    } catch let error as IOError {
      let host = address.contains(":") ? "[\(address)]" : address
      throw Failure(.unavailable, "\(key).port: \(host):\(port) \(Self.explain(error)); \(cure(error))")
    }
  }

  private static func explain(_ error: IOError) -> String {
    switch error.errnoCode {
    case EADDRINUSE: "is taken by another process"
    case EACCES: "may not be listened on"
    case EADDRNOTAVAIL: "is no address of this machine"
    default: "cannot be listened on: \(String(cString: strerror(error.errnoCode)))"
    }
  }

  private func cure(_ error: IOError) -> String {
    error.errnoCode == EADDRNOTAVAIL
      ? "set \(key).address to one of its own, or 0.0.0.0"
      : "end that process or choose another port with \(flag)"
  }
}
