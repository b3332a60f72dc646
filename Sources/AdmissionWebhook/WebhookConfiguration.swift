/// How the webhook listens, what it bears and how it ends.
package struct WebhookConfiguration: Sendable, Equatable {
  package var host = "127.0.0.1"
  /// 0 lets the system choose.
  package var port = 9443
  /// Bytes of a request's body beyond which it is refused: two objects of 3 MiB, the API server's limit, and some.
  package var maximumBodyBytes = 7 << 20
  /// Bytes of all bodies that are being received or answered at a time; more requests are told to come again.
  package var bodyBudgetBytes = 256 << 20
  /// Connections beyond which no more are accepted until one closes.
  package var maximumConnections = 10_000
  /// Connections that the kernel completes before they are accepted.
  package var backlog = 4096
  package var timeouts = Timeouts()
  package var drain = Drain()

  package init() {}

  package struct Timeouts: Sendable, Equatable {
    /// From the connection to the end of the TLS handshake.
    package var handshake = Duration.seconds(10)
    /// From a request's first byte to its last.
    package var request = Duration.seconds(10)
    /// Without a byte in either direction; longer than the API server keeps idle connections (90 s).
    package var idle = Duration.seconds(120)
    /// How long a connection that we close is read on, so that the other side gets our last answer.
    package var linger = Duration.seconds(2)

    package init() {}
  }

  package struct Drain: Sendable, Equatable {
    /// How long requests and connections are still accepted after the signal: until every client knows that we leave.
    package var delay = Duration.seconds(5)
    /// After the delay, how long connections without a request stay open, in case one is on its way.
    package var idleGrace = Duration.seconds(1)
    /// From the signal to the end, whatever is still open then.
    package var deadline = Duration.seconds(25)

    package init() {}
  }
}
