package import Injection
import NIOConcurrencyHelpers

/// The configuration that reviews are answered with; swapped while requests are served, each of which uses one whole.
package final class CurrentInjector: Sendable {
  private struct State {
    var responder: ReviewResponder
    var generation: Int
  }

  private let state: NIOLockedValueBox<State>

  package init(_ injector: Injector, cluster: ClusterCapabilities = ClusterCapabilities()) {
    state = NIOLockedValueBox(State(responder: ReviewResponder(injector: injector, cluster: cluster), generation: 1))
  }

  package var responder: ReviewResponder { state.withLockedValue { $0.responder } }

  /// Counts the configurations that were served since the start, from 1.
  package var generation: Int { state.withLockedValue { $0.generation } }

  /// Serves another configuration from the next request on.
  ///
  /// - Returns: the new generation.
  @discardableResult
  package func replace(_ injector: Injector, cluster: ClusterCapabilities = ClusterCapabilities()) -> Int {
    state.withLockedValue { state in
      state.responder = ReviewResponder(injector: injector, cluster: cluster)
      state.generation += 1
      return state.generation
    }
  }
}
