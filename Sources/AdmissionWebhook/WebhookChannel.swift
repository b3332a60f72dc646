import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOHTTPTypes
import NIOSSL
import NIOTLS

/// Sets up an accepted connection: TLS with the certificate of the moment, HTTP/1.1 or HTTP/2 as negotiated, and our
/// limits around Hummingbird's handling of either.
struct WebhookChannel: ServerChildChannel {
  struct Value: ServerChildChannelValue {
    let channel: any Channel
    let connection: EventLoopFuture<Connection>
  }

  enum Connection: Sendable {
    case http1(HTTP1Channel.Value)
    case http2(HTTP2Channel.Value)
  }

  private let http1: HTTP1Channel
  private let http2: HTTP2Channel
  private let certificates: ServingCertificateStore
  private let server: ServerState
  private let configuration: WebhookConfiguration
  private let metrics: WebhookMetrics

  init(
    certificates: ServingCertificateStore,
    server: ServerState,
    configuration: WebhookConfiguration,
    metrics: WebhookMetrics,
    responder: @escaping HTTPChannelHandler.Responder
  ) {
    self.certificates = certificates
    self.server = server
    self.configuration = configuration
    self.metrics = metrics
    http1 = HTTP1Channel(
      responder: responder,
      configuration: HTTP1Channel.Configuration(
        additionalChannelHandlers: [
          ConnectionGuard(.connection, server: server, configuration: configuration, metrics: metrics)
        ]
      )
    )
    http2 = HTTP2Channel(
      responder: responder,
      configuration: HTTP2ChannelConfiguration(
        idleTimeout: configuration.timeouts.idle,
        gracefulCloseTimeout: configuration.timeouts.request,
        streamConfiguration: HTTP1Channel.Configuration(
          additionalChannelHandlers: [
            ConnectionGuard(.stream, server: server, configuration: configuration, metrics: metrics)
          ]
        )
      )
    )
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      server.opened(channel)
      let timeout = channel.eventLoop.scheduleTask(in: TimeAmount(configuration.timeouts.handshake)) {
        channel.close(mode: .all, promise: nil)
      }
      let negotiation = NIOTypedApplicationProtocolNegotiationHandler<Connection> { result in
        timeout.cancel()
        return negotiated(result, on: channel, logger: logger)
      }
      try channel.pipeline.syncOperations.addHandlers([
        PlainHTTPHandler(metrics: metrics),
        NIOSSLServerHandler(context: certificates.context),
        negotiation,
      ])
      let connection = negotiation.protocolNegotiationResult
      connection.whenFailure { _ in
        timeout.cancel()
        channel.close(mode: .all, promise: nil)
      }
      return Value(channel: channel, connection: connection)
    }
  }

  private func negotiated(
    _ result: ALPNResult,
    on channel: any Channel,
    logger: Logger
  ) -> EventLoopFuture<Connection> {
    let isHTTP2 = result == .negotiated("h2")
    return channel.eventLoop.makeCompletedFuture {
      if isHTTP2 {
        try channel.pipeline.syncOperations.addHandlers([
          HTTP2IdleHandler(configuration.timeouts), CloseAfterFlushHandler(),
        ])
      } else {
        try channel.pipeline.syncOperations.addHandler(ByteArrivalHandler())
      }
    }.flatMap {
      isHTTP2
        ? http2.setup(channel: channel, logger: logger).map { .http2($0) }
        : http1.setup(channel: channel, logger: logger).map { .http1($0) }
    }
  }

  func handle(value: Value, logger: Logger) async {
    do {
      switch try await value.connection.get() {
      case .http1(let connection): await http1.handle(value: connection, logger: logger)
      case .http2(let connection): await http2.handle(value: connection, logger: logger)
      }
    } catch {
      logger.debug("TLS handshake failed", metadata: ["error": "\(error)"])
    }
  }
}
