package import GRPCCore
package import GRPCNIOTransportHTTP2Posix
import NIOPosix
import ServiceLifecycle

/// One listener and what is served on it.
package struct IdentityServer: Service {
  private let socket: ListeningSocket
  private let server: GRPCServer<HTTP2ServerTransport.Posix>

  /// - Parameter transport: made on the same socket by `IdentityTransport`.
  package init(
    socket: ListeningSocket,
    transport: HTTP2ServerTransport.Posix,
    services: [any RegistrableRPCService]
  ) {
    self.socket = socket
    server = GRPCServer(transport: transport, services: services)
  }

  /// Serves until it is told to end, or until its task is cancelled.
  package func run() async throws {
    // The transport's own event loops.
    let executor = LoopExecutor(group: .singleton)
    try await withGracefulShutdownHandler {
      try await withThrowingTaskGroup { group in
        group.addTask(executorPreference: executor) { try await server.serve() }
        // Bound by now, if it ever will be; where it fails, `serve` says why.
        if (try? await server.listeningAddress) != nil { socket.restoreBacklog() }
        try await group.waitForAll()
      }
    } onGracefulShutdown: {
      beginGracefulShutdown()
    }
  }

  /// Clients are told to go, and streams get the grace of the limits.
  package func beginGracefulShutdown() { server.beginGracefulShutdown() }
}
