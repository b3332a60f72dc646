import CallerAuthentication
import CertificateAuthority
import FoundationEssentials
import KubernetesObjects
import SPIFFE

/// One line of the audit log: a certificate that was issued to a caller, or refused to one who is known. It holds no
/// secret; the credential is named by its SHA-256.
package struct AuditRecord: Sendable {
  let line: [UInt8]

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
    AuditRecord("refused", caller, interface, now) { writer in
      writer.member("reason", reason.rawValue)
      writer.member("problem", String(problem.prefix(512)))
    }
  }

  private init(
    _ event: String,
    _ caller: Caller,
    _ interface: WorkloadIssuer.Interface,
    _ now: Date,
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
    line = writer.bytes
  }
}
