package import CallerAuthentication
import GRPCCore

/// What a caller shows to say who it is, as it came: nothing of it is read yet.
package struct CallerEvidence: Sendable {
  /// Every value of the `authorization` metadata. The transport takes no more than 16 KiB of headers in all.
  package var authorization: [String]
  /// DER of what was shown in the TLS handshake, the leaf first; empty where nothing was.
  package var certificateChain: [[UInt8]]
  /// What is called, and from where, for the audit log: `SERVICE/METHOD`; `ipv4:ADDRESS:PORT`, `ipv6:[ADDRESS]:PORT` or
  /// `unix:PATH`.
  package var method: String
  package var peer: String

  package init(
    authorization: [String],
    certificateChain: [[UInt8]] = [],
    method: String = "",
    peer: String = ""
  ) {
    self.authorization = authorization
    self.certificateChain = certificateChain
    self.method = method
    self.peer = peer
  }
}

/// Who a caller is, or nil; why not is for the log, never for the caller.
package protocol CallerAuthentication: Sendable {
  func caller(_ evidence: CallerEvidence) async -> Caller?
}

extension RPCError {
  static var unauthenticated: RPCError {
    RPCError(code: .unauthenticated, message: "who calls could not be established")
  }
}
