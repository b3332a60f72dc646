package import CertificateAuthority
package import MeshAuthority

/// Why an operation was not done, here or behind a socket; the description names the thing and the cure.
package struct AdministrationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What has to change: a closed set, which travels as its raw value.
  package enum Kind: String, Sendable, CaseIterable {
    /// What was asked can't be understood.
    case badRequest = "bad-request"
    /// The caller is not the operator.
    case forbidden
    /// There is no such operation.
    case unknown
    /// It is understood, and not done in this state.
    case refused
    /// There is nothing to do it with now; it may work later.
    case notReady = "not-ready"
    /// Nobody answers.
    case unreachable
    case failed
  }

  package var kind: Kind
  package var description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  package init(_ error: MeshAuthorityError) {
    switch error {
    case .refused, .issuance, .custody(.readOnly), .custody(.inUse): self.init(.refused, "\(error)")
    case .notReady, .contended: self.init(.notReady, "\(error)")
    default: self.init(.failed, "\(error)")
    }
  }

  package init(_ error: CustodyError) { self.init(.custody(error)) }
}
