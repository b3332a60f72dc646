package import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix

/// A small HTTP/1.1 server for probes, metrics and people.
///
/// A library may not end its host, and after a reload the process before this one may still hold the port: listening is
/// tried until it works. On channel handlers, not on NIO's asynchronous channels: those end the process when one of them
/// is dropped before it was used, as happens when a connection ends at a bad moment.
package struct StatusServer: Sendable {
  private let port: Int
  private let group: any EventLoopGroup
  private let logger: Logger
  private let respond: @Sendable (StatusRequest) async -> StatusAnswer

  /// Connections at a time; more are closed at once.
  private static let maximumConnections = 128
  private static let idleLimit = TimeAmount.seconds(60)

  package init(
    port: Int,
    group: any EventLoopGroup,
    logger: Logger,
    respond: @escaping @Sendable (StatusRequest) async -> StatusAnswer
  ) {
    self.port = port
    self.group = group
    self.logger = logger
    self.respond = respond
  }

  /// Until the task is cancelled.
  package func run(sleep: @Sendable (Duration) async throws -> Void) async {
    var hasTold = false
    while !Task.isCancelled {
      do {
        let listener = try await listen()
        logger.info("listening", metadata: ["port": "\(port)"])
        hasTold = false
        try await withTaskCancellationHandler {
          try await listener.closeFuture.get()
        } onCancel: {
          listener.close(promise: nil)
        }
      } catch {
        guard !Task.isCancelled else { return }
        if !hasTold { logger.warning("can't listen yet", metadata: ["port": "\(port)", "reason": "\(error)"]) }
        hasTold = true
      }
      try? await sleep(.milliseconds(250))
    }
  }

  private func listen() async throws -> any Channel {
    do {
      // Both families on one socket.
      return try await listen(on: "::")
    } catch {
      return try await listen(on: "0.0.0.0")
    }
  }

  private func listen(on host: String) async throws -> any Channel {
    let count = ConnectionCount(limit: Self.maximumConnections)
    return try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 128)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(IdleStateHandler(allTimeout: Self.idleLimit))
          try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
          try pipeline.addHandler(StatusHandler(count: count, respond: respond))
        }
      }
      .bind(host: host, port: port).get()
  }
}
