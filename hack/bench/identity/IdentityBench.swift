import CertificateAuthority
import FoundationEssentials
import Glibc
import OpenSSLKeys
import SPIFFE

/// What issuing one certificate costs, part by part, in microseconds of CPU on one core: a P-256 request in PEM to a
/// released P-256 leaf in PEM. Run by hack/bench-identity.
@main struct IdentityBench {
  static let rounds = 5_000

  static func main() throws {
    let library = OpenSSL()
    let now = Date()
    let trustDomain = try TrustDomain("cluster.local")
    let identity = try WorkloadIdentity(trustDomain: trustDomain, namespace: "shop", serviceAccount: "web")
    let rootKey = try library.makeKey(.ecdsaP256)
    let root = try Issuer.makeRoot(
      trustDomain,
      key: rootKey,
      lifetime: .seconds(86_400 * 3650),
      now: now,
      serialNumber: .random(from: library),
      cryptography: library
    )
    let issuer = try Issuer(chain: [root], key: rootKey, cryptography: library)
    var pem: [UInt8] = []
    while let line = readLine(strippingNewline: false) { pem += line.utf8 }
    let request = try CertificateRequest(pem: pem)
    let key = try ProvenKey(request, verifier: library)
    let profile = CertificateProfile.workload(identity, dnsNames: false)
    let message = Array(request.signedBytes)
    let signature = try rootKey.sign(message)
    let leaf = try issue(issuer, profile, key, now, library)

    try measure("sign (libcrypto)") { _ = try rootKey.sign(message) }
    try measure("verify (libcrypto)") {
      _ = try library.isValid(signature, algorithm: .ecdsaSHA256, over: message[...], by: rootKey.publicKey)
    }
    try measure("both, in turn") {
      _ = try rootKey.sign(message)
      _ = try library.isValid(signature, algorithm: .ecdsaSHA256, over: message[...], by: rootKey.publicKey)
    }
    try measure("read the request") { _ = try CertificateRequest(pem: pem) }
    try measure("check names, strict mode") { try request.checkNames(are: identity) }
    try measure("proof of possession") { _ = try ProvenKey(request, verifier: library) }
    try measure("serial number") { _ = try SerialNumber.random(from: library) }
    try measure("read a certificate") { _ = try MeshCertificate(derBytes: leaf.certificate.derBytes) }
    try measure("template, sign, check") { _ = try issue(issuer, profile, key, now, library) }
    try measure("PEM") { _ = leaf.chainPEM }
    try measure("request to released leaf") {
      let request = try CertificateRequest(pem: pem)
      try request.checkNames(are: identity)
      let key = try ProvenKey(request, verifier: library)
      _ = try issue(issuer, profile, key, now, library).chainPEM
    }
  }

  static func issue(
    _ issuer: Issuer,
    _ profile: CertificateProfile,
    _ key: ProvenKey,
    _ now: Date,
    _ library: OpenSSL
  ) throws -> ReleasedCertificate {
    try issuer.issue(
      profile,
      for: key,
      lifetime: nil,
      policy: .leaf,
      now: now,
      serialNumber: .random(from: library)
    )
  }

  static func measure(_ name: String, _ work: () throws -> Void) throws {
    for _ in 0..<200 { try work() }
    let start = cpuMicroseconds()
    for _ in 0..<rounds { try work() }
    let each = (cpuMicroseconds() - start) / Double(rounds)
    let label = name + String(repeating: " ", count: max(0, 28 - name.count))
    print("\(label) \((each * 10).rounded() / 10) µs")
  }

  static func cpuMicroseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }
}
