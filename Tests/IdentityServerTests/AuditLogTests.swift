import CallServer
import CallerAuthentication
import CertificateAuthority
import EnvoyAPI
import EnvoyServices
import Foundation
import GRPCCore
import KubernetesObjects
import MetricsTestKit
import OpenSSLKeys
import SPIFFE
import SwiftProtobuf
import Testing

@testable import IdentityServer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite struct AuditLogTests {
  private let path = "/tmp/amesh-audit-\(UInt64.random(in: 0...UInt64.max)).jsonl"

  private func lines() throws -> [JSONDocument] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      try JSONDocument(parsing: Array($0.utf8))
    }
  }

  @Test func `whoever is issued or refused a certificate leaves one line`() async throws {
    defer { unlink(path) }
    let mesh = try await Mesh(audit: .file(path, logger: .silent))
    try await mesh.look()
    try await mesh.overUnixSocket { client in
      let service = CertificateSigningServiceTests.CSR.Client(wrapping: client)
      let token = CertificateSigningServiceTests.token
      let response = try await service.createCertificate(.with { $0.csr = try Mesh.request() }, metadata: token)
      _ = await #expect(throws: RPCError.self) {
        try await service.createCertificate(.with { $0.csr = "nothing" }, metadata: token)
      }
      // A stranger's tells what there is to tell.
      _ = await #expect(throws: RPCError.self) { try await service.createCertificate(.with { $0.csr = "nothing" }) }
      _ = await #expect(throws: RPCError.self) {
        try await service.createCertificate(.with { $0.csr = "nothing" }, metadata: ["authorization": "Bearer stolen"])
      }
      _ = try await Client(wrapping: client).fetchSecrets(.names(["default"]), metadata: token)
      let all = try lines().map(\.root)
      let strangers = all.filter { $0["event"]?.string == "unauthenticated" }
      #expect(strangers.map { $0["reason"]?.string } == ["no_credential", "static_token_unknown"])
      let stolen = CredentialHash(of: Array("stolen".utf8)).description
      #expect(strangers.map { $0["credentialSHA256"]?.string } == [nil, stolen])
      let method = "istio.v1.auth.IstioCertificateService/CreateCertificate"
      #expect(strangers.allSatisfy { $0["method"]?.string == method && $0["peer"]?.string?.hasPrefix("unix:") == true })
      let lines = all.filter { $0["event"]?.string != "unauthenticated" }
      #expect(lines.map { $0["event"]?.string } == ["issued", "refused", "issued"])
      #expect(lines.map { $0["interface"]?.string } == ["csr", "csr", "sds"])
      #expect(lines.allSatisfy { $0["identity"]?.string == mesh.cart.description })
      let hash = CredentialHash(of: Array(Mesh.token.utf8)).description
      #expect(lines.allSatisfy { $0["credentialSHA256"]?.string == hash })
      #expect(lines.allSatisfy { $0["authenticator"]?.string == "static_token" })
      let leaf = try #require(try MeshCertificate.readPEM(Array((response.certChain.first ?? "").utf8)).first)
      #expect(lines[0]["serial"]?.string == leaf.serialNumber.description)
      #expect(lines[0]["notAfter"]?.string == leaf.validity.notAfter.formatted(.iso8601))
      let fingerprint = try mesh.openSSL.sha256(leaf.publicKey.derBytes[...])
      #expect(lines[0]["keySHA256"]?.string == Hexadecimal.text(fingerprint))
      #expect(lines[1]["reason"]?.string == "certificate_request")
    }
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(!text.contains(Mesh.token) && !text.contains("stolen") && !text.contains("PRIVATE KEY"))
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
  }

  @Test func `strangers cause ten lines a second, and the next tells how many were left out`() async throws {
    defer { unlink(path) }
    let mesh = try await Mesh(audit: .file(path, logger: .silent))
    for _ in 0..<3 {
      for _ in 0..<25 {
        let caller = await mesh.authentication.caller(CallerEvidence(authorization: ["Bearer \u{1}\"{}"]))
        #expect(caller == nil)
      }
      mesh.advance(by: 1)
    }
    let lines = try lines().map(\.root)
    #expect(lines.map { $0["event"]?.string } == Array(repeating: "unauthenticated", count: 30))
    let suppressed = lines.map { $0["suppressed"]?.integer }
    #expect(suppressed.compactMap { $0 } == [15, 15] && suppressed[10] == 15 && suppressed[20] == 15)
    #expect(try mesh.recorded.expectCounter("amesh_audit_lines_suppressed_total").totalValue == 45)
    let reason = [("reason", "malformed_credential")]
    #expect(try mesh.recorded.expectCounter("amesh_certificates_refused_total", reason).totalValue == 75)
  }

  @Test func `lines are added to a file that is there, also by two at once`() async throws {
    defer { unlink(path) }
    let logs = [try AuditLog.file(path, logger: .silent), try AuditLog.file(path, logger: .silent)]
    let mesh = try await Mesh()
    let (caller, now) = (mesh.caller(), mesh.now)
    // Few enough in each second.
    let records = (0..<200).map { Self.refusal(caller, now + Double($0 / 50)) }
    await withTaskGroup { group in
      for log in logs { group.addTask { for record in records { log.write(record) } } }
    }
    let lines = try lines()
    #expect(lines.count == 400)
    #expect(lines.allSatisfy { $0.root["problem"]?.string == "a line\nbreak" })
  }

  private static func refusal(_ caller: Caller, _ now: Date) -> AuditRecord {
    .refused(caller, through: .secretDiscovery, reason: .noRequest, problem: "a line\nbreak", now: now)
  }

  @Test func `those who are known and refused cause a hundred lines a second, and no more`() async throws {
    defer { unlink(path) }
    let mesh = try await Mesh()
    let log = try AuditLog.file(path, logger: .silent, metrics: mesh.metrics)
    let caller = mesh.caller()
    for second in 0..<2 {
      for _ in 0..<130 { log.write(Self.refusal(caller, mesh.now + Double(second))) }
    }
    let lines = try lines().map(\.root)
    #expect(lines.count == 200)
    let suppressed = lines.map { $0["suppressed"]?.integer }
    #expect(suppressed.compactMap { $0 } == [30] && suppressed[100] == 30)
    #expect(try mesh.recorded.expectCounter("amesh_audit_lines_suppressed_total").totalValue == 60)
  }

  @Test func `a file that was renamed or removed is made again within a second`() async throws {
    defer { for path in [path, "\(path).1"] { unlink(path) } }
    let mesh = try await Mesh()
    let log = try AuditLog.file(path, logger: .silent)
    let (caller, now) = (mesh.caller(), mesh.now)
    log.write(Self.refusal(caller, now))
    #expect(rename(path, "\(path).1") == 0)
    log.write(Self.refusal(caller, now))
    log.write(Self.refusal(caller, now + 1))
    #expect(try lines().count == 1)
    #expect(try String(contentsOfFile: "\(path).1", encoding: .utf8).split(separator: "\n").count == 2)
    unlink(path)
    log.write(Self.refusal(caller, now + 2))
    #expect(try lines().count == 1)
  }

  @Test func `a file that is there is taken from others`() throws {
    defer { unlink(path) }
    try Data().write(to: URL(filePath: path))
    chmod(path, 0o644)
    _ = try AuditLog.file(path, logger: .silent)
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
  }

  @Test func `what follows a torn line begins a new one`() {
    var lines = WholeLines()
    var disk: [UInt8] = []
    var room = 6
    func write(_ bytes: [UInt8]) -> Int {
      let taken = bytes.prefix(room)
      room -= taken.count
      disk += taken
      return taken.isEmpty ? -1 : taken.count
    }
    var taken: [Bool] = []
    for line in ["one", "torn", "lost", "four"] {
      if line == "four" { room = 100 }
      taken.append(lines.append(Array(line.utf8), write: write))
    }
    taken.append(lines.append(Array("five".utf8), write: write))
    #expect(taken == [true, false, false, true, true])
    #expect(String(decoding: disk, as: UTF8.self) == "one\nto\nfour\nfive\n")
  }

  @Test func `a link and a directory that is not there are refused`() throws {
    symlink("/tmp/elsewhere", path)
    defer { unlink(path) }
    for path in [path, "/nowhere/at/all.jsonl"] {
      let error = #expect(throws: AuditLogError.self) { try AuditLog.file(path, logger: .silent) }
      #expect(error?.description.contains(path) == true)
    }
  }
}
