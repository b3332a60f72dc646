import Synchronization

/// Bounds the memory that request bodies take together.
package final class BodyBudget: Sendable {
  private let free: Mutex<Int>

  package init(bytes: Int) {
    free = Mutex(max(0, bytes))
  }

  /// Bytes that are not reserved.
  package var freeBytes: Int { free.withLock { $0 } }

  /// False, and nothing reserved, when there is not enough left.
  package func reserve(_ bytes: Int) -> Bool {
    free.withLock { free in
      guard bytes >= 0, bytes <= free else { return false }
      free -= bytes
      return true
    }
  }

  package func release(_ bytes: Int) {
    free.withLock { $0 += bytes }
  }
}
