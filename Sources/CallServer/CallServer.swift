import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle

/// One listener and what is served on it: gRPC over HTTP/2.
package struct CallServer: Service {
  private let socket: ListeningSocket
  private let handlers: ConnectionHandlers
  private let group: any EventLoopGroup
  private let quiescing: ServerQuiescingHelper

  /// - Parameters:
  ///   - tls: asked anew for each connection; nil itself: no TLS, for Unix sockets.
  ///   - jitter: a number from -1 to 1 for each connection, which spreads the ages of connections.
  package init(
    socket: ListeningSocket,
    limits: CallLimits,
    tls: (@Sendable () -> ConnectionTLS?)?,
    metrics: CallServerMetrics,
    jitter: @escaping @Sendable () -> Double,
    services: [any CallService]
  ) {
    self.socket = socket
    handlers = ConnectionHandlers(
      methods: services.reduce(into: [:]) { $0.merge($1.methods) { first, _ in first } },
      limits: limits,
      tls: tls,
      metrics: metrics,
      jitter: jitter
    )
    group = MultiThreadedEventLoopGroup.singleton
    quiescing = ServerQuiescingHelper(group: group)
  }

  /// Serves until it is told to end and all connections have, or until its task is cancelled.
  package func run() async throws {
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: ListeningSocket.backlog)
      .serverChannelInitializer { [quiescing] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(quiescing.makeServerChannelHandler(channel: channel))
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { [handlers] channel in
        channel.eventLoop.makeCompletedFuture { try handlers.add(to: channel) }
      }
    let channel = try await bootstrap.withBoundSocket(socket.descriptor).get()
    try await withTaskCancellationHandler {
      try await withGracefulShutdownHandler {
        try await channel.closeFuture.get()
        let gone = channel.eventLoop.makePromise(of: Void.self)
        quiescing.initiateShutdown(promise: gone)
        try await gone.futureResult.get()
      } onGracefulShutdown: {
        beginGracefulShutdown()
      }
    } onCancel: {
      beginGracefulShutdown()
    }
  }

  /// Clients are told to go, and streams get the grace of the limits.
  package func beginGracefulShutdown() { quiescing.initiateShutdown(promise: nil) }
}

/// All listeners of the process: told to end together, so that a shutdown takes as long as the slowest of them, not as all
/// one after the other.
package struct CallServers: Service {
  private let servers: [CallServer]

  package init(_ servers: [CallServer]) { self.servers = servers }

  package func run() async throws {
    try await withThrowingTaskGroup { group in
      for server in servers { group.addTask { try await server.run() } }
      try await group.waitForAll()
    }
  }
}
