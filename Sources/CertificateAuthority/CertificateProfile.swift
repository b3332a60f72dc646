package import KubernetesObjects
package import SPIFFE
import SwiftASN1
import X509

/// What a certificate is for; everything that it says of itself follows from this (X509-SVID; RFC 5280, section 4.2).
package enum CertificateProfile: Hashable, Sendable {
  /// An X.509-SVID: the one URI, and next to it DNS names for peers that can't verify a URI.
  case workload(WorkloadIdentity, dnsNames: Bool)
  /// For a server of the mesh's own: DNS names, the addresses that it is called by where clients use no name, and the
  /// SPIFFE ID that it has among workloads.
  case serving(dnsNames: [String], ipAddresses: [IPAddress] = [], identity: WorkloadIdentity?)
  /// An authority that signs leaves only.
  case intermediate(TrustDomain)
  /// A trust anchor.
  case root(TrustDomain)

  package var isAuthority: Bool {
    switch self {
    case .workload, .serving: false
    case .intermediate, .root: true
    }
  }

  package var trustDomain: TrustDomain? {
    switch self {
    case .workload(let identity, _): identity.trustDomain
    case .serving(_, _, let identity): identity?.trustDomain
    case .intermediate(let trustDomain), .root(let trustDomain): trustDomain
    }
  }

  /// Every URI of the subjectAltName: at most one.
  package var uris: [String] {
    switch self {
    case .workload(let identity, _): [identity.description]
    case .serving(_, _, let identity): identity.map { [$0.description] } ?? []
    case .intermediate(let trustDomain), .root(let trustDomain): [trustDomain.id.description]
    }
  }

  package var dnsNames: [String] {
    switch self {
    case .workload(let identity, let wantsNames): wantsNames ? identity.dnsNames : []
    case .serving(let names, _, _): names
    case .intermediate, .root: []
    }
  }

  /// Addresses belong into names of their own kind, and count nowhere else (RFC 5280, section 4.2.1.6; RFC 9525).
  package var ipAddresses: [IPAddress] {
    switch self {
    case .serving(_, let addresses, _): addresses
    case .workload, .intermediate, .root: []
    }
  }

  /// Where the subject is empty (RFC 5280, section 4.2.1.6).
  var hasCriticalNames: Bool { !isAuthority }

  var basicConstraints: BasicConstraints {
    switch self {
    case .workload, .serving: .notCertificateAuthority
    case .intermediate: .isCertificateAuthority(maxPathLength: 0)
    case .root: .isCertificateAuthority(maxPathLength: nil)
    }
  }

  var keyUsage: KeyUsage { isAuthority ? KeyUsage(keyCertSign: true) : KeyUsage(digitalSignature: true) }

  /// Both uses wherever there is a SPIFFE ID, as the standard wants; none for authorities.
  var extendedKeyUsages: [ExtendedKeyUsage.Usage] {
    switch self {
    case .workload, .serving(_, _, .some): [.serverAuth, .clientAuth]
    case .serving(_, _, nil): [.serverAuth]
    case .intermediate, .root: []
    }
  }

  /// Empty for leaves, whose names are in the subjectAltName alone; unique for authorities, since some verifiers look
  /// for signers by subject and give up after too many of the same.
  func subject(_ serialNumber: SerialNumber) throws -> DistinguishedName {
    switch self {
    case .workload, .serving: DistinguishedName()
    case .intermediate: try Self.authority("Amesh issuing CA", serialNumber)
    case .root: try Self.authority("Amesh root CA", serialNumber)
    }
  }

  private static func authority(_ name: String, _ serialNumber: SerialNumber) throws -> DistinguishedName {
    try DistinguishedName([
      .init(type: .RDNAttributeType.organizationName, utf8String: "Amesh"),
      .init(type: .RDNAttributeType.commonName, utf8String: name),
      // id-at-serialNumber, RFC 5280, appendix A.1.
      .init(type: [2, 5, 4, 5], printableString: serialNumber.description),
    ])
  }
}
