import Hummingbird
import HummingbirdCore
package import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Serves the operator's commands on a Unix socket: HTTP/1.1 with JSON.
package struct AuthorityAdministrationService: Service {
  /// Who is connected at a time; further ones wait.
  private static let maximumConnections = 32

  private let pages: AdministrationPages
  private let socket: AdministrationSocket
  private let logger: Logger
  private let onListening: @Sendable () -> Void

  /// - Parameters:
  ///   - socketPath: where it listens, with a mode of 0600; a socket that is there is replaced, anything else is not.
  ///   - onListening: called once when it can be connected to.
  package init(
    administrator: any AuthorityAdministrator,
    socketPath: String,
    logger: Logger,
    onListening: @escaping @Sendable () -> Void = {}
  ) {
    self.init(
      pages: AdministrationPages(administrator: administrator),
      socketPath: socketPath,
      logger: logger,
      onListening: onListening
    )
  }

  init(
    pages: AdministrationPages,
    socketPath: String,
    logger: Logger,
    onListening: @escaping @Sendable () -> Void = {}
  ) {
    self.pages = pages
    socket = AdministrationSocket(socketPath)
    self.logger = logger
    self.onListening = onListening
  }

  /// - Throws: ``AdministrationSocketError``, or what binding throws.
  package func run() async throws {
    try socket.prepare()
    // Hummingbird tells at info what we tell ourselves.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .notice)
    let failure = NIOLockedValueBox<AdministrationSocketError?>(nil)
    let application = Application(
      responder: pages,
      server: .http1(
        configuration: HTTP1Channel.Configuration(
          idleTimeout: .seconds(30),
          httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: 8192,
            maxHeaderListSize: 16_384,
            maxHeaderFieldCount: 64
          )
        )
      ),
      configuration: ApplicationConfiguration(
        address: .unixDomainSocket(path: socket.birthplace),
        availableConnectionsDelegate: MaximumAvailableConnections(Self.maximumConnections, logger: quiet)
      ),
      onServerRunning: { [socket, logger, onListening] channel in
        do throws(AdministrationSocketError) {
          try socket.reveal()
          logger.info("listening", metadata: ["path": .string(socket.path)])
          onListening()
        } catch {
          failure.withLockedValue { $0 = error }
          channel.close(promise: nil)
        }
      },
      logger: quiet
    )
    defer { if failure.withLockedValue({ $0 }) == nil { socket.remove() } }
    try await application.run()
    if let error = failure.withLockedValue({ $0 }) { throw error }
  }
}
