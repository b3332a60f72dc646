package import NIOCore
import Synchronization

/// Brings the word that something is new to an event loop: once, however often it is told until somebody looks there.
package final class ChangeSignal: Sendable {
  private let isRaised = Atomic(false)
  private let loop: any EventLoop
  private let look: @Sendable () -> Void

  /// - Parameter look: called on the loop.
  package init(on loop: any EventLoop, _ look: @escaping @Sendable () -> Void) {
    self.loop = loop
    self.look = look
  }

  package func raise() {
    guard !isRaised.exchange(true, ordering: .acquiringAndReleasing) else { return }
    loop.execute {
      // Before the look, which then sees whatever was told until now.
      self.isRaised.store(false, ordering: .releasing)
      self.look()
    }
  }
}
