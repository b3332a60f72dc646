import NIOConcurrencyHelpers

/// Counts the open connections of a listener. As large as there are connections, whatever peers do.
final class ConnectionBook: Sendable {
  enum Refusal: String, Sendable, CaseIterable {
    case connections
    case connectionsOfAddress = "connections_of_address"
  }

  private struct State {
    var all = 0
    var byAddress: [PeerAddress: Int] = [:]
  }

  private let limits: CallLimits
  private let state = NIOLockedValueBox(State())

  init(limits: CallLimits) { self.limits = limits }

  /// - Returns: nil where the connection is welcome; it must `leave` then.
  func enter(_ address: PeerAddress?) -> Refusal? {
    state.withLockedValue { state in
      guard state.all < limits.maximumConnections else { return .connections }
      if let address {
        let count = state.byAddress[address, default: 0]
        guard count < limits.maximumConnectionsPerAddress else { return .connectionsOfAddress }
        state.byAddress[address] = count + 1
      }
      state.all += 1
      return nil
    }
  }

  func leave(_ address: PeerAddress?) {
    state.withLockedValue { state in
      state.all -= 1
      guard let address, let count = state.byAddress[address] else { return }
      state.byAddress[address] = count > 1 ? count - 1 : nil
    }
  }

  var isEmpty: Bool { state.withLockedValue { $0.all == 0 && $0.byAddress.isEmpty } }
}
