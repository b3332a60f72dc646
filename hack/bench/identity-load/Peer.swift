import ArgumentParser
import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL

/// Where the server is.
struct PeerOptions: ParsableArguments {
  @Option(help: "Port of the identity server on 127.0.0.1, spoken to in TLS.") var port: Int?
  @Option(help: "Bundle in PEM to verify the server by.") var roots: String?
  @Option(help: "Unix socket of the identity server, instead of a port.") var unix: String?

  func validate() throws {
    guard (unix != nil) != (port != nil && roots != nil) else {
      throw ValidationError("give either --unix, or --port and --roots")
    }
  }

  func peer() throws -> Peer {
    if let unix { return Peer(address: try SocketAddress(unixDomainSocketPath: unix), tls: nil) }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv13
    configuration.applicationProtocols = ["h2"]
    configuration.trustRoots = .file(roots ?? "")
    return Peer(
      address: try SocketAddress(ipAddress: "127.0.0.1", port: port ?? 0),
      tls: try NIOSSLContext(configuration: configuration)
    )
  }
}

/// A server that is connected to from one event loop: everything that the client does, it does there.
struct Peer: Sendable {
  let address: SocketAddress
  let tls: NIOSSLContext?

  /// Runs `body` on the event loop; it tells its result when it has one.
  static func run<Result: Sendable>(
    _ body: @escaping @Sendable (any EventLoop, @escaping (Result) -> Void) throws -> Void
  ) async throws -> Result {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    return try await loop.flatSubmit {
      let promise = loop.makePromise(of: Result.self)
      do { try body(loop) { promise.succeed($0) } } catch { promise.fail(error) }
      return promise.futureResult
    }.get()
  }

  /// From several addresses, as the servers of a cluster would come: one address may not have all connections.
  private var ownAddress: SocketAddress? {
    guard case .v4 = address else { return nil }
    return try? SocketAddress(ipAddress: "127.0.1.\(Int.random(in: 1...200))", port: 0)
  }

  /// - Returns: at once; the connection tells when it is ready, or closed. To be called on the event loop.
  func connect(on loop: any EventLoop) -> Connection {
    let connection = Connection(isTLS: tls != nil)
    let handler = NIOLoopBound(connection, eventLoop: loop)
    var bootstrap = ClientBootstrap(group: loop)
    if let own = ownAddress { bootstrap = bootstrap.bind(to: own) }
    bootstrap
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          if let tls { try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: "localhost")) }
          try pipeline.addHandler(
            NIOHTTP2Handler(
              mode: .client,
              initialSettings: Connection.settings,
              headerBlockValidation: .disabled,
              contentLengthValidation: .disabled
            )
          )
          try pipeline.addHandler(handler.value)
        }
      }
      .connect(to: address)
      .whenFailure { handler.value.closed("\($0)") }
    return connection
  }
}
