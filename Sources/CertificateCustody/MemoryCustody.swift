package import CertificateAuthority
import Synchronization

/// Keeps the state for as long as the process lives: for tests and trials.
package final class MemoryCustody: Custody {
  private let state = Mutex<AuthorityState?>(nil)

  package init() {}

  package func load() async throws(CustodyError) -> AuthorityState? {
    state.withLock { $0 }
  }

  package func createOrAdopt(_ new: AuthorityState) async throws(CustodyError) -> AuthorityState {
    state.withLock { state in
      if let state { return state }
      state = new
      return new
    }
  }

  package func replace(with new: AuthorityState) async throws(CustodyError) {
    let conflict: CustodyError? = state.withLock { state in
      guard let current = state, current.generation == new.generation - 1 else {
        return .conflict(found: state?.generation)
      }
      state = new
      return nil
    }
    if let conflict { throw conflict }
  }
}
