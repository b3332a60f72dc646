import CallServer
import CallerAuthentication
import CertificateAuthority
import FoundationEssentials
import KubernetesObjects
import SPIFFE

/// One line of the audit log: a certificate that was issued to a caller, or refused to one, or a caller who could not be
/// authenticated. It holds no secret; the credential is named by its SHA-256.
package struct AuditRecord: Sendable {
  let line: [UInt8]
  let time: Date
  /// Whether a caller can cause as many of them as it likes, so that some are left out.
  let isRationed: Bool

  static func issued(
    _ certificate: MeshCertificate,
    keyFingerprint: [UInt8],
    to caller: Caller,
    through interface: WorkloadIssuer.Interface,
    now: Date
  ) -> AuditRecord {
    AuditRecord("issued", caller, interface, now) { writer in
      writer.member("serial", certificate.serialNumber.description)
      writer.member("keySHA256", Hexadecimal.text(keyFingerprint))
      writer.member("notAfter", certificate.validity.notAfter.formatted(.iso8601))
    }
  }

  static func refused(
    _ caller: Caller,
    through interface: WorkloadIssuer.Interface,
    reason: RefusalReason,
    problem: String,
    now: Date
  ) -> AuditRecord {
    AuditRecord("refused", caller, interface, now, isRationed: true) { writer in
      writer.member("reason", reason.rawValue)
      writer.member("problem", String(problem.prefix(512)))
    }
  }

  /// - Parameter suppressed: how many lines like this were left out before it.
  func line(suppressed: Int) -> [UInt8] {
    guard suppressed > 0 else { return line }
    // After the last member of the object.
    return line.dropLast() + Array(",\"suppressed\":\(suppressed)}".utf8)
  }

  /// Nothing of it is from the caller but hashed or cut short.
  ///
  /// - Parameter suppressed: how many lines like this were left out before it.
  static func unauthenticated(
    _ failure: AuthenticationFailure,
    _ evidence: CallerEvidence,
    suppressed: Int,
    now: Date
  ) -> AuditRecord {
    var writer = JSONWriter(reservingCapacity: 512)
    writer.object { writer in
      writer.member("time", now.formatted(.iso8601))
      writer.member("event", "unauthenticated")
      writer.member("reason", failure.reason.rawValue)
      writer.member("problem", String("\(failure)".prefix(512)))
      writer.member("method", evidence.method)
      writer.member("peer", evidence.peer)
      if let hash = credentialHash(evidence) { writer.member("credentialSHA256", hash.description) }
      if suppressed > 0 { writer.member("suppressed", JSONValue.number(JSONNumber(suppressed))) }
    }
    // Rationed by who writes it, before it is made.
    return AuditRecord(line: writer.bytes, time: now, isRationed: false)
  }

  /// Of the token, as in the lines of those who are known; else of the certificate; nil where nothing was shown.
  private static func credentialHash(_ evidence: CallerEvidence) -> CredentialHash? {
    if let value = evidence.authorization.first {
      return (try? BearerToken(authorization: value))?.hash ?? CredentialHash(of: Array(value.utf8))
    }
    return evidence.certificateChain.first.map { CredentialHash(of: $0) }
  }

  private init(line: [UInt8], time: Date, isRationed: Bool) {
    (self.line, self.time, self.isRationed) = (line, time, isRationed)
  }

  private init(
    _ event: String,
    _ caller: Caller,
    _ interface: WorkloadIssuer.Interface,
    _ now: Date,
    isRationed: Bool = false,
    _ details: (inout JSONWriter) -> Void
  ) {
    var writer = JSONWriter(reservingCapacity: 512)
    writer.object { writer in
      writer.member("time", now.formatted(.iso8601))
      writer.member("event", event)
      writer.member("identity", caller.identity.description)
      details(&writer)
      writer.member("interface", interface.rawValue)
      writer.member("authenticator", caller.method.rawValue)
      // The operator shows no credential.
      if caller.method != .operator { writer.member("credentialSHA256", caller.credentialHash.description) }
      if let pod = caller.pod { writer.member("pod", pod.name) }
    }
    self.init(line: writer.bytes, time: now, isRationed: isRationed)
  }
}
