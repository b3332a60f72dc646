package import FoundationEssentials

/// Asks one method after the other; the first one that applies decides.
package struct Authenticator: Sendable {
  private let methods: [any AuthenticationMethod]

  /// - Parameter methods: in the order in which they are asked; with none, nobody is ever authenticated.
  package init(_ methods: [any AuthenticationMethod]) {
    self.methods = methods
  }

  package func authenticate(_ credentials: Credentials, at now: Date) async throws(Unauthenticated) -> Caller {
    var failure: AuthenticationFailure?
    for method in methods {
      switch await method.judge(credentials, at: now) {
      case .notApplicable: continue
      case .passed(let reason): failure = failure ?? reason
      case .authenticated(let caller): return caller
      case .refused(let reason): throw Unauthenticated(reason)
      }
    }
    throw Unauthenticated(failure ?? .nothingShown)
  }
}

/// The caller is not who it says, or says nothing. Its description tells a stranger nothing; `failure` tells us.
package struct Unauthenticated: Error, Equatable, Sendable, CustomStringConvertible {
  /// For the log and for metrics; never for the caller.
  package let failure: AuthenticationFailure

  package init(_ failure: AuthenticationFailure) {
    self.failure = failure
  }

  package var description: String { "the caller could not be authenticated" }
}
