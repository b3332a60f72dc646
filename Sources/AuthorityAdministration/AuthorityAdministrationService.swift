import Hummingbird
import HummingbirdCore
package import Logging
import NIOConcurrencyHelpers
import NIOCore
import ServiceLifecycle

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Serves the operator's commands on a Unix socket: HTTP/1.1 with JSON.
package struct AuthorityAdministrationService: Service {
  /// Who is connected at a time; further ones wait.
  private static let maximumConnections = 32
  /// For requests that are being answered when the process is to end.
  private static let grace = Duration.seconds(3)

  private let pages: AdministrationPages
  private let socket: AdministrationSocket
  private let idleTimeout: TimeAmount
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
      pages: AdministrationPages(administrator: administrator, logger: logger),
      socketPath: socketPath,
      logger: logger,
      onListening: onListening
    )
  }

  init(
    pages: AdministrationPages,
    socketPath: String,
    idleTimeout: TimeAmount = .seconds(30),
    logger: Logger,
    onListening: @escaping @Sendable () -> Void = {}
  ) {
    self.pages = pages
    socket = AdministrationSocket(socketPath)
    self.idleTimeout = idleTimeout
    self.logger = logger
    self.onListening = onListening
  }

  /// Ends soon after it is told to, whatever a client has left half done.
  private static func run(_ application: some ApplicationProtocol) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await application.run() }
      group.addTask {
        // Cancelled when the application has ended by itself.
        guard (try? await gracefulShutdown()) != nil else { return }
        try? await Task.sleep(for: grace)
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// - Throws: ``AdministrationSocketError``, or what binding throws.
  package func run() async throws {
    try socket.prepare()
    // Hummingbird tells at info what we tell ourselves.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .notice)
    let revealed = NIOLockedValueBox<Result<ino_t, AdministrationSocketError>?>(nil)
    let application = Application(
      responder: pages,
      server: .http1(
        configuration: HTTP1Channel.Configuration(
          idleTimeout: idleTimeout,
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
          let number = try socket.reveal()
          revealed.withLockedValue { $0 = .success(number) }
          logger.info("listening", metadata: ["path": .string(socket.path)])
          onListening()
        } catch {
          revealed.withLockedValue { $0 = .failure(error) }
          channel.close(promise: nil)
        }
      },
      logger: quiet
    )
    defer {
      if case .success(let number)? = revealed.withLockedValue({ $0 }) { socket.remove(number) }
    }
    try await Self.run(application)
    if case .failure(let error)? = revealed.withLockedValue({ $0 }) { throw error }
  }
}
