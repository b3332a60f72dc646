package import FoundationEssentials
package import SPIFFE

/// Who calls, as far as it was proven.
package struct Caller: Hashable, Sendable {
  /// How the caller was authenticated; its raw value is fit for logs and metrics.
  package enum Method: String, Hashable, Sendable, CaseIterable {
    case serviceAccountToken = "service_account_token"
    case staticToken = "static_token"
    case certificate
    /// Someone who may use the admin socket or the state directory: the identity is named, not proven.
    case `operator`
  }

  /// A Kubernetes object that a token is bound to.
  package struct BoundObject: Hashable, Sendable {
    package let name: String
    package let uid: String

    package init(name: String, uid: String) {
      self.name = name
      self.uid = uid
    }
  }

  package let identity: WorkloadIdentity
  package let method: Method
  /// When the caller last showed a token; a certificate carries the time of the one that it descends from.
  package let lastTokenAuthentication: Date
  /// When the credential ends; nil for one that does not.
  package let credentialExpiry: Date?
  /// For the audit log.
  package let credentialHash: CredentialHash
  /// Nil where the credential does not tell.
  package let serviceAccountUID: String?
  /// Nil where the credential is not bound to a Pod.
  package let pod: BoundObject?

  package init(
    identity: WorkloadIdentity,
    method: Method,
    lastTokenAuthentication: Date,
    credentialExpiry: Date?,
    credentialHash: CredentialHash,
    serviceAccountUID: String? = nil,
    pod: BoundObject? = nil
  ) {
    self.identity = identity
    self.method = method
    self.lastTokenAuthentication = lastTokenAuthentication
    self.credentialExpiry = credentialExpiry
    self.credentialHash = credentialHash
    self.serviceAccountUID = serviceAccountUID
    self.pod = pod
  }
}
