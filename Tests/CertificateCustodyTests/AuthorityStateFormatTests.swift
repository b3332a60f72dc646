import CertificateAuthority
import CertificateTesting
import FoundationEssentials
import Testing

@Suite struct AuthorityStateFormatTests {
  private let contract: CustodyContract
  private let full: AuthorityState

  init() throws {
    contract = try CustodyContract()
    let prepared = try contract.prepared(contract.first)
    let successor = try #require(prepared.successor?.id)
    let signer = try #require(prepared.signer?.id)
    let id = try #require(AuthorityID("abc-1"))
    let now = contract.now
    full = try prepared.recording(
      id,
      under: signer,
      replica: "amesh-0/1",
      notAfter: now.addingTimeInterval(600),
      leafCap: 7_200,
      at: now
    )
    .dropping([id], at: now).activating(successor, at: now).retiring(signer, at: now)
  }

  private func text(_ state: AuthorityState) -> String {
    String(decoding: AuthorityStateFormat.encode(state), as: UTF8.self)
  }

  private func problem(_ text: String) -> String {
    do throws(AuthorityStateError) {
      _ = try AuthorityStateFormat.decode(Array(text.utf8))
      return ""
    } catch {
      return error.description
    }
  }

  @Test func `what is written is read again, equal`() throws {
    for state in [contract.first, try contract.prepared(contract.first), full] {
      #expect(try AuthorityStateFormat.decode(AuthorityStateFormat.encode(state)) == state)
    }
  }

  @Test func `a state equals itself read back, made at whatever fraction of a second`() throws {
    let moment = contract.now.addingTimeInterval(0.625)
    let root = try #require(contract.first.signer)
    let first = AuthorityState(
      trustDomain: contract.first.trustDomain,
      firstRoot: root.certificate,
      key: root.key,
      at: moment
    )
    let id = try #require(AuthorityID("abc-1"))
    let recorded = try first.recording(
      id,
      under: root.id,
      replica: "amesh-0",
      notAfter: contract.now.addingTimeInterval(600),
      leafCap: 7_200,
      at: moment
    )
    for state in [first, recorded, try recorded.dropping([id], at: moment)] {
      #expect(try AuthorityStateFormat.decode(AuthorityStateFormat.encode(state)) == state)
    }
  }

  @Test func `a record of before the longest leaf was written down counts as a day's`() throws {
    let old = text(full).split(separator: "\n").filter { !$0.contains(#""leafCap""#) }.joined(separator: "\n")
    #expect(old.utf8.count < text(full).utf8.count - 10)
    let state = try AuthorityStateFormat.decode(Array(old.utf8))
    #expect(state.intermediates.map(\.leafCap) == [86_400])
    #expect(full.intermediates.map(\.leafCap) == [7_200])
    #expect(state.roots == full.roots)
  }

  @Test func `a retired root's key is gone`() {
    #expect(full.roots.first?.key == nil)
    #expect(full.roots.last?.key != nil)
  }

  @Test(arguments: [
    (#""version": 1"#, #""version": 2"#, "this amesh knows version 1; run the amesh that wrote it"),
    (#""version": 1"#, #""version": "1""#, "version is a string, not a whole number"),
    (#""generation": 6"#, #""generation": 0"#, "contradicts itself"),
    (#""generation": 6"#, #""generation": 6, "more": 1"#, "more is not known here"),
    (#""trustDomain": "cluster.local""#, #""trustDomain": "Cluster""#, "is no trust domain"),
    (#""replica": "amesh-0/1""#, #""replica": """#, "is no name of a replica"),
    (#""id": "abc-1""#, #""id": "ABC""#, "intermediates[0].id is no id"),
    (#""leafCap": 7200"#, #""leafCap": 0"#, "leafCap is not from 1 to"),
    (#""leafCap": 7200"#, #""leafCap": 315360001"#, "leafCap is not from 1 to"),
    (#""leafCap": 7200"#, #""leafCap": "7200""#, "leafCap is a string"),
    ("BEGIN CERTIFICATE", "BEGIN CERTIFICATES", "roots[0].certificate is not one PEM certificate"),
    (#""pem": "#, #""file": "#, "roots[1].key.file is not known here"),
    (#""activated": "#, #""activate": "#, "roots[0].activate is not known here"),
    ("2026-01-01T00:00:00Z", "2026-01-01 00:00:00", "is no time like"),
  ])
  func `what we would not have written is refused`(part: String, replacement: String, words: String) {
    let changed = text(full).replacing(part, with: replacement, maxReplacements: 1)
    #expect(changed != text(full))
    #expect(problem(changed).contains(words), "\(problem(changed))")
  }

  @Test func `an id that is not the certificate's is refused`() throws {
    let id = try #require(contract.first.signer?.id.rawValue)
    let changed = text(contract.first).replacing(id, with: "0" + id.dropFirst())
    #expect(problem(changed).contains("id is not that of the certificate") || id.hasPrefix("0"))
  }

  @Test func `more than a state can be is refused unread`() {
    #expect(problem(String(repeating: " ", count: AuthorityStateFormat.maximumBytes + 1)).contains("more than"))
  }

  @Test func `no cut of a state is taken for one, and no error shows a key`() throws {
    let bytes = AuthorityStateFormat.encode(contract.first)
    let key = try #require(text(contract.first).split(separator: "PRIVATE KEY-----").dropFirst().first)
    for length in stride(from: 0, to: bytes.count - 2, by: 13) {
      let problem = problem(String(decoding: bytes.prefix(length), as: UTF8.self))
      #expect(!problem.isEmpty)
      #expect(!problem.contains(key.prefix(20)))
    }
  }

  @Test func `a state prints no key`() throws {
    let key = try #require(text(contract.first).split(separator: "PRIVATE KEY-----").dropFirst().first).prefix(20)
    var dumped = ""
    dump(contract.first, to: &dumped)
    #expect(!dumped.contains(key))
    #expect(!"\(contract.first)".contains(key))
    #expect(!String(reflecting: contract.first).contains(key))
  }
}
