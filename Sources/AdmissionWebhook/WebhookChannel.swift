import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS

/// Sets up an accepted connection: TLS with the certificate of the moment, HTTP/1.1 or HTTP/2 as negotiated, our limits
/// and our answers.
///
/// Requests are answered in the channel, by a ``ReviewHandler``; the task that Hummingbird runs for a connection or stream
/// only waits for its end.
struct WebhookChannel: ServerChildChannel {
  struct Value: ServerChildChannelValue {
    let channel: any Channel
    let connection: EventLoopFuture<Connection>
  }

  enum Connection: Sendable {
    case http1
    case http2(HTTP2Channel.Value)
  }

  private let http2: HTTP2Channel
  private let handlers: @Sendable (ConnectionLifecycle.Kind) -> [any RemovableChannelHandler]
  private let certificates: ServingCertificateStore
  private let server: ServerState
  private let configuration: WebhookConfiguration
  private let metrics: WebhookMetrics

  init(
    service: ReviewService,
    budget: BodyBudget,
    certificates: ServingCertificateStore,
    server: ServerState,
    configuration: WebhookConfiguration,
    metrics: WebhookMetrics
  ) {
    self.certificates = certificates
    self.server = server
    self.configuration = configuration
    self.metrics = metrics
    let handlers = { @Sendable (kind: ConnectionLifecycle.Kind) -> [any RemovableChannelHandler] in
      [
        ConnectionGuard(kind, server: server, configuration: configuration, metrics: metrics),
        ReviewHandler(service: service, budget: budget, maximumBodyBytes: configuration.maximumBodyBytes),
      ]
    }
    self.handlers = handlers
    http2 = HTTP2Channel(
      responder: { _, _, _ in },
      configuration: HTTP2ChannelConfiguration(
        idleTimeout: configuration.timeouts.idle,
        gracefulCloseTimeout: configuration.timeouts.request,
        streamConfiguration: HTTP1Channel.Configuration(
          additionalChannelHandlers: [HTTP2Translator()] + handlers(.stream)
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
      let pipeline = channel.pipeline.syncOperations
      if isHTTP2 {
        try pipeline.addHandlers([
          HTTP2IdleHandler(configuration.timeouts), CloseAfterFlushHandler(),
          HTTP2FarewellHandler(server: server, grace: configuration.drain.idleGrace),
        ])
      } else {
        try pipeline.addHandler(ByteArrivalHandler())
        // The ReviewHandler keeps requests in order and refuses what can't be parsed.
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
        try pipeline.addHandlers([HTTP1Translator()] + handlers(.connection))
      }
    }.flatMap {
      isHTTP2
        ? http2.setup(channel: channel, logger: logger).map { .http2($0) }
        : channel.eventLoop.makeSucceededFuture(.http1)
    }
  }

  func handle(value: Value, logger: Logger) async {
    do {
      switch try await value.connection.get() {
      case .http1:
        try await withTaskCancellationHandler {
          try await value.channel.closeFuture.get()
        } onCancel: {
          value.channel.close(promise: nil)
        }
      case .http2(let connection): await http2.handle(value: connection, logger: logger)
      }
    } catch {
      logger.debug("TLS handshake failed", metadata: ["error": "\(error)"])
    }
  }
}
