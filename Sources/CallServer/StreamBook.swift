import CallerAuthentication
package import GRPCCore
import NIOConcurrencyHelpers
import SPIFFE

/// Counts the calls that are being answered, by who makes them. As large as there are calls.
package final class StreamBook: Sendable {
  enum Refusal: String, Sendable, CaseIterable {
    case streams
    case streamsOfIdentity = "streams_of_identity"
    case streamsOfPod = "streams_of_pod"
  }

  private struct State {
    var all = 0
    var byIdentity: [WorkloadIdentity: Int] = [:]
    /// By the Pod's uid.
    var byPod: [String: Int] = [:]
  }

  /// One call's place, given back when nobody holds it any more: not every call that is let in gets to run.
  package final class Place: Sendable {
    private let book: StreamBook
    private let caller: Caller

    fileprivate init(_ book: StreamBook, _ caller: Caller) {
      self.book = book
      self.caller = caller
    }

    deinit { book.leave(caller) }
  }

  private let limits: CallLimits
  private let metrics: CallServerMetrics
  private let draw: @Sendable () -> Double
  private let state = NIOLockedValueBox(State())

  /// - Parameter draw: a number from 0 up to 1, at random; spreads those that are told to come again.
  package init(
    limits: CallLimits,
    metrics: CallServerMetrics,
    draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
  ) {
    self.limits = limits
    self.metrics = metrics
    self.draw = draw
  }

  /// - Throws: RESOURCE_EXHAUSTED, with the time after which to come again.
  func place(for caller: Caller) throws(RPCError) -> Place {
    guard let refusal = enter(caller) else { return Place(self, caller) }
    metrics.streamRefused(refusal)
    let whose =
      switch refusal {
      case .streams: "all callers together have"
      case .streamsOfIdentity: "this identity has"
      case .streamsOfPod: "this Pod has"
      }
    throw .comeAgain(.resourceExhausted, "\(whose) too many streams open; close some, or come again", draw: draw())
  }

  private func enter(_ caller: Caller) -> Refusal? {
    state.withLockedValue { state in
      guard state.all < limits.maximumStreams else { return .streams }
      let ofIdentity = state.byIdentity[caller.identity, default: 0]
      guard ofIdentity < limits.maximumStreamsPerIdentity else { return .streamsOfIdentity }
      if let pod = caller.pod {
        let ofPod = state.byPod[pod.uid, default: 0]
        guard ofPod < limits.maximumStreamsPerPod else { return .streamsOfPod }
        state.byPod[pod.uid] = ofPod + 1
      }
      state.byIdentity[caller.identity] = ofIdentity + 1
      state.all += 1
      return nil
    }
  }

  private func leave(_ caller: Caller) {
    state.withLockedValue { state in
      state.all -= 1
      Self.decrement(&state.byIdentity, caller.identity)
      if let pod = caller.pod { Self.decrement(&state.byPod, pod.uid) }
    }
  }

  private static func decrement<Key>(_ counts: inout [Key: Int], _ key: Key) {
    guard let count = counts[key] else { return }
    counts[key] = count > 1 ? count - 1 : nil
  }

  var isEmpty: Bool { state.withLockedValue { $0.all == 0 && $0.byIdentity.isEmpty && $0.byPod.isEmpty } }
}

extension RPCError {
  /// How clients of gRPC are told when to come again (gRFC A6), in milliseconds.
  package static let pushbackKey = "grpc-retry-pushback-ms"

  /// Come again in half a second to one and a half.
  ///
  /// - Parameter draw: a number from 0 up to 1.
  package static func comeAgain(_ code: RPCError.Code, _ message: String, draw: Double) -> RPCError {
    RPCError(code: code, message: message, metadata: [pushbackKey: "\(Int(500 + draw * 1000))"])
  }
}
