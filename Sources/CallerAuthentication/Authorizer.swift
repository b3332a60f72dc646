package import SPIFFE

/// What a caller asks for.
package enum RequestedIdentity: Hashable, Sendable {
  /// The caller's own, whatever it is.
  case own
  /// The one of that SPIFFE ID, as the caller spelled it.
  case named(String)
}

/// An identity that may be issued to a caller. Only ``Authorizer`` makes one, so there is no second door to issuing.
package struct AuthorizedIdentity: Hashable, Sendable {
  package let caller: Caller

  package var identity: WorkloadIdentity { caller.identity }

  fileprivate init(caller: Caller) {
    self.caller = caller
  }
}

/// Decides who gets which identity: everyone its own, nobody another's.
package enum Authorizer {
  package static func authorize(
    _ request: RequestedIdentity,
    for caller: Caller
  ) throws(AuthorizationError) -> AuthorizedIdentity {
    switch request {
    case .own: return AuthorizedIdentity(caller: caller)
    case .named(let id):
      guard id.hasSameBytes(as: caller.identity.description) else { throw .foreignIdentity(of: caller.identity) }
      return AuthorizedIdentity(caller: caller)
    }
  }
}

/// Why a caller does not get what it asks for.
package enum AuthorizationError: Error, Hashable, Sendable, CustomStringConvertible {
  case foreignIdentity(of: WorkloadIdentity)

  package var description: String {
    switch self {
    case .foreignIdentity(let own): "not authorized for the requested identity; this caller is \(own)"
    }
  }
}
