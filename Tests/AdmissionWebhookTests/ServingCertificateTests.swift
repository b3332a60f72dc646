import FoundationEssentials
import NIOSSL
import ServingCertificate
import Testing

struct ServingCertificateTests {
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func make(_ names: [String] = ["localhost"], validity: TimeInterval = 3600) throws
    -> SelfSignedServingCertificate
  {
    try SelfSignedServingCertificate.make(names: names, now: Self.now, validity: validity)
  }

  @Test func `names and validity are what was asked for`() throws {
    let made = try make(["amesh.amesh-system.svc", "*.example.com", "127.0.0.1", "::1"])
    #expect(made.certificate.names == ["amesh.amesh-system.svc", "*.example.com", "127.0.0.1", "::1"])
    #expect(made.certificate.isValid(at: Self.now))
    #expect(made.certificate.notValidAfter == Self.now + 3600)
    #expect(!made.certificate.isValid(at: Self.now + 3601))
    #expect(try NIOSSLCertificate.fromPEMBytes(Array(made.authorityPEM.utf8)).count == 1)
  }

  @Test func `serial numbers are positive and fit into 20 octets`() throws {
    for _ in 0..<20 {
      let serial = try NIOSSLCertificate.fromPEMBytes(Array(make().authorityPEM.utf8)).map(\.serialNumber)
      #expect(serial.allSatisfy { $0.count == 16 && $0[0] < 0x80 })
    }
  }

  @Test(arguments: ["", "-a", "a-", "a..b", "a_b", "a b", "*", "é.example", String(repeating: "a", count: 64)])
  func `names that no client can connect to are refused`(name: String) {
    #expect(throws: ServingCertificateError.invalidName(name)) { try make([name]) }
  }

  @Test func `a certificate without names is refused`() {
    #expect(throws: ServingCertificateError.noNames) { try make([]) }
  }

  @Test func `a key of another certificate is refused`() throws {
    let (one, other) = (try make().certificate, try make().certificate)
    #expect(throws: ServingCertificateError.keyDoesNotMatch) {
      try ServingCertificate(chainPEM: one.chainPEM, keyPEM: other.keyPEM)
    }
  }

  @Test(arguments: ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
  func `a chain that can't be read is refused`(chain: String) throws {
    let key = try make().certificate.keyPEM
    #expect(throws: ServingCertificateError.self) { try ServingCertificate(chainPEM: chain, keyPEM: key) }
  }

  @Test func `keys don't show`() throws {
    let certificate = try make().certificate
    #expect(!"\(certificate)".contains("PRIVATE") && !String(reflecting: certificate).contains("PRIVATE"))
  }

  @Test func `renewal is due in the last third of its life`() throws {
    let certificate = try make(validity: 3600).certificate
    #expect(!certificate.isDueForRenewal(at: Self.now + 2000))
    #expect(certificate.isDueForRenewal(at: Self.now + 2400))
  }

  @Test func `a directory keeps its certificate until there is a reason not to`() throws {
    try withTemporaryDirectory { path in
      let directory = ServingCertificateDirectory(path: path + "/a/b", names: ["localhost", "::1"], validity: 3600)
      let first = try directory.loadOrMake(now: Self.now)
      #expect(try directory.loadOrMake(now: Self.now + 60) == first)
      #expect(try directory.files.load() == first)
      let renewed = try directory.loadOrMake(now: Self.now + 3000)
      #expect(renewed != first)
      let other = ServingCertificateDirectory(path: path + "/a/b", names: ["example.com"], validity: 3600)
      #expect(try other.loadOrMake(now: Self.now + 3000).names == ["example.com"])
      try "broken".write(toFile: other.files.keyPath, atomically: true, encoding: .utf8)
      #expect(try other.loadOrMake(now: Self.now + 3000).names == ["example.com"])
      let attributes = try FileManager.default.attributesOfItem(atPath: other.files.keyPath)
      #expect(attributes[.posixPermissions] as? Int == 0o600 || attributes[.posixPermissions] as? UInt16 == 0o600)
    }
  }

  private typealias Change = @Sendable (ServingCertificateDirectory) throws -> Void

  private static let changes: [(what: String, later: TimeInterval, change: Change, isNew: Bool)] = [
    ("nothing", 60, { _ in }, false),
    ("renewal", 3000, { _ in }, true),
    ("expiry", 4000, { _ in }, true),
    ("a broken key", 60, { try "broken".write(toFile: $0.files.keyPath, atomically: true, encoding: .utf8) }, true),
    ("a lost certificate", 60, { try FileManager.default.removeItem(atPath: $0.files.chainPath) }, true),
    ("a lost authority", 60, { try FileManager.default.removeItem(atPath: $0.authorityPath) }, true),
  ]

  @Test(arguments: changes.indices) func `whoever trusts the authority is told of a new one, and only then`(
    index: Int
  ) throws {
    let row = Self.changes[index]
    try withTemporaryDirectory { path in
      let directory = ServingCertificateDirectory(path: path, names: ["localhost"], validity: 3600)
      var told = 0
      let first = try directory.loadOrMake(now: Self.now) { told += 1 }
      #expect(told == 0, "nobody trusts the very first")
      let authority = try Data(contentsOf: URL(filePath: directory.authorityPath))
      try row.change(directory)
      let second = try directory.loadOrMake(now: Self.now + row.later) { told += 1 }
      #expect(told == (row.isNew ? 1 : 0), "\(row.what)")
      #expect((second == first) == !row.isNew, "\(row.what)")
      #expect((try Data(contentsOf: URL(filePath: directory.authorityPath)) == authority) == !row.isNew, "\(row.what)")
      #expect(try directory.loadOrMake(now: Self.now + row.later) { told += 1 } == second)
      #expect(told == (row.isNew ? 1 : 0), "\(row.what), again")
    }
  }

  @Test(arguments: ["tls.key", "ca.crt", "tls.crt"])
  func `an authority and a certificate that don't belong together are never served`(stuck: String) throws {
    try withTemporaryDirectory { path in
      let directory = ServingCertificateDirectory(path: path, names: ["localhost"], validity: 3600)
      let first = try directory.loadOrMake(now: Self.now)
      let authority = try Data(contentsOf: URL(filePath: directory.authorityPath))
      // Its place is taken, so this file can't be replaced: as if the process had ended there.
      let obstacle = "\(path)/\(stuck).\(ProcessInfo.processInfo.processIdentifier).new/x"
      try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: true)
      let other = ServingCertificateDirectory(path: path, names: ["example.com"], validity: 3600)
      #expect(throws: ServingCertificateError.self) { try other.loadOrMake(now: Self.now) }
      try FileManager.default.removeItem(atPath: URL(filePath: obstacle).deletingLastPathComponent().path)
      // The old names again.
      let second = try directory.loadOrMake(now: Self.now)
      let isOldAuthority = try Data(contentsOf: URL(filePath: directory.authorityPath)) == authority
      #expect((second == first) == isOldAuthority)
    }
  }

  @Test func `a directory that can't be written is named`() throws {
    let directory = ServingCertificateDirectory(path: "/proc/nothing/here", names: ["localhost"])
    let error = try #require(throws: ServingCertificateError.self) { try directory.loadOrMake(now: Self.now) }
    #expect(error.description.contains("/proc/nothing"))
  }
}

/// A directory that is gone afterwards.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("amesh-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}
