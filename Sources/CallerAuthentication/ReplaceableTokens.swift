package import FoundationEssentials
import Synchronization

/// Static tokens that can be swapped while they serve.
package final class ReplaceableTokens: AuthenticationMethod {
  private let current: Mutex<StaticTokens>

  package init(_ tokens: StaticTokens) { current = Mutex(tokens) }

  /// From now on these count, and no others.
  package func replace(with tokens: StaticTokens) { current.withLock { $0 = tokens } }

  package func judge(_ credentials: Credentials, at now: Date) async -> AuthenticationVerdict {
    await current.withLock { $0 }.judge(credentials, at: now)
  }
}
