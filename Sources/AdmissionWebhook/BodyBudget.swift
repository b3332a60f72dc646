import NIOConcurrencyHelpers

/// Bounds the memory that request bodies take together, and keeps a part of it for small ones: large bodies can't make
/// the server send all others away.
package final class BodyBudget: Sendable {
  /// Bytes of a body beyond which it is a large one; few Pods come near.
  package static let smallBodyBytes = 256 << 10

  private let free: NIOLockedValueBox<Int>
  private let keptForSmall: Int

  package init(bytes: Int) {
    free = NIOLockedValueBox(max(0, bytes))
    keptForSmall = max(0, bytes) / 8
  }

  /// Bytes that are not reserved.
  package var freeBytes: Int { free.withLockedValue { $0 } }

  /// False, and nothing reserved, when there is not enough left, or for a large body not without what is kept for small
  /// ones.
  package func reserve(_ bytes: Int, isLarge: Bool = false) -> Bool {
    free.withLockedValue { free in
      guard bytes >= 0, bytes <= free - (isLarge ? keptForSmall : 0) else { return false }
      free -= bytes
      return true
    }
  }

  package func release(_ bytes: Int) {
    free.withLockedValue { $0 += bytes }
  }
}
