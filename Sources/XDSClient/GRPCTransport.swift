import EnvoyAPI
import EnvoyServices
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
package import NIOCore
package import SidecarSettings
package import XDSProtocol

/// Streams over gRPC, with TLS where the address wants it.
package struct GRPCTransport: XDSTransport {
  package struct Settings: Sendable {
    /// Sent with TLS only; where there is none the server is left to judge.
    package var tokenFile: String
    package var rootsFile: String
    package var serverName: String?
    /// Between an address and a server that speaks HTTP/2.
    package var connectTimeout = Duration.seconds(10)
    /// A peer that is gone is noticed after both. A server of gRPC in Go may end connections that ask more often than it
    /// wants; istiod lets every 15 seconds pass.
    package var keepaliveTime = Duration.seconds(20)
    package var keepaliveTimeout = Duration.seconds(5)
    package var maximumResponseBytes = 64 << 20

    package init(tokenFile: String, rootsFile: String, serverName: String? = nil) {
      self.tokenFile = tokenFile
      self.rootsFile = rootsFile
      self.serverName = serverName
    }
  }

  let settings: Settings
  private let group: any EventLoopGroup

  package init(settings: Settings, group: any EventLoopGroup) {
    self.settings = settings
    self.group = group
  }

  package func stream(
    to source: XDSSource,
    variant: XDSVariant,
    requests: AsyncStream<XDSClientRequest>,
    opened: @escaping @Sendable () async -> Void,
    received: @escaping @Sendable (XDSResponse) async -> Void
  ) async throws(XDSStreamFailure) {
    try await connect(to: source) { client, metadata, connected in
      let call = Call(
        client: .init(wrapping: client),
        metadata: metadata,
        options: options,
        opened: {
          connected.open()
          await opened()
        }
      )
      try await call.run(variant, requests: requests, received: received)
    }
  }

  /// Runs `body` on a connection of its own, which has to open the latch in time.
  func connect(
    to source: XDSSource,
    _ body: @escaping @Sendable (GRPCClient<HTTP2ClientTransport.Posix>, Metadata, Latch) async throws -> Void
  ) async throws(XDSStreamFailure) {
    do {
      let transport = try transport(source)
      let metadata = settings.token(for: source)
      let connected = Latch()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await withGRPCClient(transport: transport) { client in try await body(client, metadata, connected) }
        }
        group.addTask {
          try await connected.wait(for: settings.connectTimeout)
          // The stream goes on; there is nothing left to watch.
          try await Task.sleep(for: .seconds(1 << 30))
        }
        defer { group.cancelAll() }
        try await group.next()
      }
    } catch let failure as XDSStreamFailure {
      throw failure
    } catch let error as RPCError {
      throw XDSStreamFailure(
        "\(error.code): \(error.message)\(error.cause.map { " (\($0))" } ?? "")",
        isUnimplemented: error.code == .unimplemented
      )
    } catch {
      throw XDSStreamFailure("\(error)")
    }
  }

  var options: CallOptions { settings.options }

  private func transport(_ source: XDSSource) throws -> HTTP2ClientTransport.Posix {
    let security: HTTP2ClientTransport.Posix.TransportSecurity =
      source.isSecure
      ? .tls { $0.trustRoots = .certificates([.file(path: settings.rootsFile, format: .pem)]) }
      : .plaintext
    return try .http2NIOPosix(
      target: source.target,
      transportSecurity: security,
      config: settings.configuration,
      eventLoopGroup: group
    )
  }
}

extension GRPCTransport.Settings {
  var options: CallOptions {
    var options = CallOptions.defaults
    // The next address may answer sooner.
    options.waitForReady = false
    options.maxResponseMessageBytes = maximumResponseBytes
    // What is received is measured by this one, however it is called (grpc-swift-nio-transport 2.9).
    options.maxRequestMessageBytes = maximumResponseBytes
    return options
  }

  var configuration: HTTP2ClientTransport.Posix.Config {
    .defaults {
      $0.http2.authority = serverName
      $0.connection.keepalive = .init(time: keepaliveTime, timeout: keepaliveTimeout, allowWithoutCalls: false)
    }
  }

  func token(for source: XDSSource) -> Metadata {
    // A token that goes over plain text is a token given away.
    guard source.isSecure, let data = try? Data(contentsOf: URL(filePath: tokenFile)) else { return [:] }
    let token = String(decoding: data.prefix(1 << 16), as: UTF8.self).filter { !$0.isWhitespace }
    return token.isEmpty ? [:] : ["authorization": "Bearer \(token)"]
  }
}
