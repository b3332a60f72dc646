import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// What the connections of a server share: who they are, and whether the server is about to end.
final class ServerState: Sendable {
  /// Serving, draining, closing: only ever in this order.
  enum Phase: Int, Sendable, Comparable {
    /// Requests and connections are welcome.
    case serving
    /// Requests and connections are still served; each answer asks the client to go elsewhere.
    case draining
    /// The listener is closed; what is open ends as soon as nothing is lost by it.
    case closing

    static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
  }

  private struct State {
    var connections: [ObjectIdentifier: any Channel] = [:]
    var phase = Phase.serving
  }

  private let state = NIOLockedValueBox(State())
  /// Read for every response, without a lock.
  private let currentPhase = Atomic<Int>(Phase.serving.rawValue)
  private let metrics: WebhookMetrics

  init(metrics: WebhookMetrics) {
    self.metrics = metrics
  }

  var phase: Phase { Phase(rawValue: currentPhase.load(ordering: .acquiring)) ?? .closing }

  /// Goes on to a later phase; an earlier one changes nothing.
  func enter(_ phase: Phase) {
    state.withLockedValue { state in
      guard state.phase < phase else { return }
      state.phase = phase
      currentPhase.store(phase.rawValue, ordering: .releasing)
    }
  }

  /// Open connections, handshakes included.
  var connections: [any Channel] { state.withLockedValue { Array($0.connections.values) } }

  func opened(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    state.withLockedValue { state in
      state.connections[id] = channel
      metrics.connectionsChanged(to: state.connections.count)
    }
    channel.closeFuture.whenComplete { [self] _ in
      state.withLockedValue { state in
        state.connections[id] = nil
        metrics.connectionsChanged(to: state.connections.count)
      }
    }
  }
}
