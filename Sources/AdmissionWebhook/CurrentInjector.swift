package import Injection
import Synchronization

/// The configuration that reviews are answered with; swapped while requests are served, each of which uses one whole.
package final class CurrentInjector: Sendable {
  private struct State {
    var responder: ReviewResponder
    var generation: Int
  }

  private let state: Mutex<State>

  package init(_ injector: Injector, cluster: ClusterCapabilities = ClusterCapabilities()) {
    state = Mutex(State(responder: ReviewResponder(injector: injector, cluster: cluster), generation: 1))
  }

  package var responder: ReviewResponder { state.withLock { $0.responder } }

  /// Counts the configurations that were served since the start, from 1.
  package var generation: Int { state.withLock { $0.generation } }

  /// Serves another configuration from the next request on.
  ///
  /// - Returns: the new generation.
  @discardableResult
  package func replace(_ injector: Injector, cluster: ClusterCapabilities = ClusterCapabilities()) -> Int {
    state.withLock { state in
      state.responder = ReviewResponder(injector: injector, cluster: cluster)
      state.generation += 1
      return state.generation
    }
  }
}
