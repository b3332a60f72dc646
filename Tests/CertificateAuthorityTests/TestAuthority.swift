import AmeshTesting
import CertificateAuthority
import FoundationEssentials
import OpenSSLKeys
import SPIFFE

/// A root, an intermediate below it, and the issuer that they make, at a fixed moment.
struct TestAuthority {
  static let library = OpenSSL()
  static let now = Date(timeIntervalSince1970: 1_900_000_000)

  let trustDomain: TrustDomain
  let rootKey: any ExportableKey
  let root: MeshCertificate
  let rootIssuer: Issuer
  let intermediate: ReleasedCertificate
  let issuer: Issuer
  let bundle: TrustBundle

  init(
    _ name: String = "cluster.local",
    rootAlgorithm: KeyAlgorithm = .ecdsaP256,
    algorithm: KeyAlgorithm = .ecdsaP256,
    rootLifetime: Duration = .seconds(3650 * 86_400),
    lifetime: Duration = .seconds(30 * 86_400),
    now: Date = now
  ) throws {
    trustDomain = try TrustDomain(name)
    rootKey = try KeyPool.key(rootAlgorithm)
    root = try Issuer.makeRoot(
      trustDomain,
      key: rootKey,
      lifetime: rootLifetime,
      now: now,
      serialNumber: .random(from: Self.library),
      cryptography: Self.library
    )
    rootIssuer = try Issuer(chain: [root], key: rootKey, cryptography: Self.library)
    let key = try Self.library.makeKey(algorithm)
    intermediate = try rootIssuer.issue(
      .intermediate(trustDomain),
      for: ProvenKey(key),
      lifetime: lifetime,
      policy: LifetimePolicy(standard: lifetime, maximum: lifetime),
      now: now,
      serialNumber: .random(from: Self.library)
    )
    issuer = try Issuer(chain: [intermediate.certificate, root], key: key, cryptography: Self.library)
    bundle = try TrustBundle(trustDomain: trustDomain, authorities: [root])
  }

  func identity(_ account: String = "web") throws -> WorkloadIdentity {
    try WorkloadIdentity(trustDomain: trustDomain, namespace: "shop", serviceAccount: account)
  }

  func issue(
    _ profile: CertificateProfile? = nil,
    for key: ProvenKey? = nil,
    lifetime: Duration? = nil,
    policy: LifetimePolicy = .leaf,
    now: Date = now
  ) throws -> ReleasedCertificate {
    try issuer.issue(
      profile ?? .workload(identity(), dnsNames: false),
      for: key ?? ProvenKey(KeyPool.key(.ecdsaP256)),
      lifetime: lifetime,
      policy: policy,
      now: now,
      serialNumber: .random(from: Self.library)
    )
  }

  /// What `openssl verify -x509_strict` says of a chain under the root.
  func verify(_ released: ReleasedCertificate, purpose: String? = nil, now: Date = now) throws -> OpenSSLCommand.Outcome
  {
    let folder = try TemporaryFolder()
    var arguments = ["verify", "-x509_strict", "-check_ss_sig", "-attime", "\(Int(now.timeIntervalSince1970))"]
    arguments += ["-CAfile", try folder.write("root.pem", root.pem)]
    if !released.intermediates.isEmpty {
      arguments += ["-untrusted", try folder.write("above.pem", released.intermediates.map(\.pem).joined())]
    }
    if let purpose { arguments += ["-purpose", purpose] }
    return try OpenSSLCommand.run(arguments + [try folder.write("leaf.pem", released.certificate.pem)])
  }
}

/// One key of each kind for all tests of this target; RSA keys take their time.
enum KeyPool {
  private static let keys = Dictionary(
    uniqueKeysWithValues: KeyAlgorithm.allCases.map { algorithm in
      (algorithm, Result { try OpenSSL().generate(algorithm) })
    }
  )

  static func key(_ algorithm: KeyAlgorithm) throws -> OpenSSLKey {
    guard let key = keys[algorithm] else { throw KeyError.unsupported(algorithm.rawValue) }
    return try key.get()
  }
}
