import CertificateAuthority
import CertificateCustody
import CertificateTesting
import Testing

@Suite struct DirectoryCustodyTests {
  private let scratch: Scratch
  private let contract: CustodyContract

  init() throws {
    scratch = try Scratch()
    contract = try CustodyContract()
  }

  private var path: String { scratch.path("authority") }

  @Test func `directory and files are the owner's alone`() async throws {
    let custody = try DirectoryCustody(path: path)
    _ = try await custody.createOrAdopt(contract.first)
    #expect(try scratch.mode(of: "authority") == 0o700)
    for name in try scratch.names(in: "authority") { #expect(try scratch.mode(of: "authority/\(name)") == 0o600) }
  }

  @Test(arguments: ["authority", "authority/authority.json"])
  func `what others can read is refused, with the command that closes it`(name: String) async throws {
    let custody = try DirectoryCustody(path: path)
    _ = try await custody.createOrAdopt(contract.first)
    try scratch.setMode(name == "authority" ? 0o750 : 0o640, of: name)
    let error = await #expect(throws: CustodyError.self) { try await custody.load() }
    #expect(error?.description.contains("run: chmod \(name == "authority" ? 700 : 600) \(scratch.path(name))") == true)
  }

  @Test func `a second holder is kept out and told who the first is`() throws {
    let first = try DirectoryCustody(path: path)
    let error = #expect(throws: CustodyError.self) { try DirectoryCustody(path: path) }
    #expect(error?.description.contains("in use by process ") == true)
    withExtendedLifetime(first) {}
  }

  @Test func `looking needs no lock`() async throws {
    let first = try DirectoryCustody(path: path)
    _ = try await first.createOrAdopt(contract.first)
    #expect(try DirectoryCustody.look(at: path) == contract.first)
  }

  @Test func `a half-written file beside the state, of any length, is never read`() async throws {
    let bytes = AuthorityStateFormat.encode(try contract.prepared(contract.first))
    _ = try await DirectoryCustody(path: path).createOrAdopt(contract.first)
    for length in stride(from: 0, through: bytes.count, by: 97) {
      try scratch.write("authority/authority.json.new", bytes.prefix(length))
      #expect(try await DirectoryCustody(path: path).load() == contract.first)
    }
    #expect(try scratch.names(in: "authority") == ["authority.json", "authority.lock"])
  }

  @Test func `a cut or garbled state is refused and stays as it is`() async throws {
    let custody = try DirectoryCustody(path: path)
    let bytes = AuthorityStateFormat.encode(contract.first)
    for length in stride(from: 0, to: bytes.count - 1, by: 61) {
      try scratch.write("authority/authority.json", bytes.prefix(length))
      try scratch.setMode(0o600, of: "authority/authority.json")
      await #expect(throws: CustodyError.self) { try await custody.load() }
      await #expect(throws: CustodyError.self) { try await custody.createOrAdopt(contract.other) }
    }
  }

  @Test func `a symbolic link in the state's place is refused`() async throws {
    let custody = try DirectoryCustody(path: path)
    try scratch.swap("authority/authority.json", to: [:])
    await #expect(throws: CustodyError.self) { try await custody.load() }
  }
}
