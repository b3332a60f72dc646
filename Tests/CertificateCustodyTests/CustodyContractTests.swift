import CertificateCustody
import CertificateTesting
import Testing

@Suite struct CustodyContractTests {
  @Test func `memory keeps the contract`() async throws {
    let custody = MemoryCustody()
    try await CustodyContract().check(writable: { custody })
  }

  @Test func `a directory keeps the contract`() async throws {
    let scratch = try Scratch()
    try await CustodyContract().check(writable: { try DirectoryCustody(path: scratch.path("authority")) })
  }
}
