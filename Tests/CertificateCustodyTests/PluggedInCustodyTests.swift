import CertificateAuthority
import CertificateCustody
import CertificateTesting
import Foundation
import Synchronization
import Testing

@Suite struct PluggedInCustodyTests {
  private let fixture: PluggedInFixture

  init() throws { fixture = try PluggedInFixture() }

  @Test(arguments: PluggedInContents.Layout.allCases)
  func `plugged-in files keep the contract of what is not ours to change`(layout: PluggedInContents.Layout) async throws
  {
    let files = layout == .istio ? PluggedInFixture.istio : PluggedInFixture.tls
    try fixture.mount(files(fixture.signer, [], [fixture.root]))
    try await CustodyContract().check(readOnly: { try fixture.open() })
    let custody = try fixture.open()
    #expect(custody.isReadOnly)
    #expect(custody.signing.signer == fixture.signer.certificate)
    #expect(custody.signing.chain == [])
    #expect(try await custody.load()?.signer?.certificate == fixture.root.root())
  }

  @Test func `a self-signed root signs by itself`() throws {
    try fixture.mount(PluggedInFixture.istio(fixture.root, roots: [fixture.root]))
    #expect(try fixture.open().signing.root == fixture.root.root())
  }

  @Test func `a longer chain is found in any order`() throws {
    let upper = try fixture.maker.intermediate("upper", under: fixture.root)
    let lower = try fixture.maker.intermediate("lower", under: upper)
    let signer = try fixture.maker.intermediate("signer", under: lower)
    try fixture.mount(PluggedInFixture.tls(signer, chain: [upper, lower], roots: [fixture.root]))
    #expect(try fixture.open().signing.chain == [lower.certificate, upper.certificate])
  }

  @Test func `each flaw is refused with the file that has it`() throws {
    let other = try fixture.maker.root("other")
    var short = fixture.maker
    short.notAfter = fixture.now.addingTimeInterval(60)
    var future = fixture.maker
    future.notBefore = fixture.now.addingTimeInterval(60)
    var leaf = fixture.maker
    leaf.isAuthority = false
    let good = PluggedInFixture.istio(fixture.signer, roots: [fixture.root])
    let below = try fixture.maker.intermediate("below", under: fixture.signer)
    let flawed: [([String: String], String)] = [
      (good.filter { $0.key != "ca-key.pem" }, "ca-key.pem is missing"),
      (good.filter { $0.key != "root-cert.pem" }, "root-cert.pem is missing"),
      (good.merging(["ca-key.pem": other.keyText]) { $1 }, "ca-key.pem is not that of the certificate"),
      (good.merging(["ca-key.pem": "no key"]) { $1 }, "ca-key.pem: the private key can't be read"),
      (good.merging(["root-cert.pem": other.pem]) { $1 }, "no certificate given signed the one in ca-cert.pem"),
      (good.merging(["root-cert.pem": fixture.signer.pem]) { $1 }, "root-cert.pem is not self-signed"),
      (good.merging(["root-cert.pem": ""]) { $1 }, "root-cert.pem holds no PEM certificate"),
      (good.merging(["ca-cert.pem": fixture.signer.keyText]) { $1 }, "ca-cert.pem holds something else"),
      (good.merging(["ca-cert.pem": String(repeating: "x", count: 300_000)]) { $1 }, "larger than"),
      (PluggedInFixture.istio(try short.intermediate(under: fixture.root), roots: [fixture.root]), "ends 2026"),
      (PluggedInFixture.istio(try future.intermediate(under: fixture.root), roots: [fixture.root]), "not now"),
      (
        PluggedInFixture.istio(try leaf.intermediate(under: fixture.root), roots: [fixture.root]), "may not sign others"
      ),
      (PluggedInFixture.istio(below, chain: [fixture.signer], roots: [fixture.root]), "allows no authority"),
    ]
    for (files, words) in flawed {
      let scratch = try PluggedInFixture()
      try scratch.mount(files)
      let error = #expect(throws: CustodyError.self) { try scratch.open() }
      #expect(error?.description.contains(words) == true, "\(words): \(error?.description ?? "-")")
      #expect(error?.description.contains("PRIVATE") == false)
    }
  }

  @Test func `a bad replacement keeps the old one and is told once, a good one is used`() async throws {
    try fixture.mount(PluggedInFixture.istio(fixture.signer, roots: [fixture.root]))
    let custody = try fixture.open()
    #expect(custody.look(now: fixture.now) == .unchanged)
    let next = try fixture.maker.intermediate("next", under: fixture.root)

    try fixture.mount(
      PluggedInFixture.istio(next, roots: [fixture.root]).merging(["ca-key.pem": fixture.root.keyText]) { $1 }
    )
    #expect(custody.look(now: fixture.now) == .incomplete(.keyDoesNotMatch(file: "ca-key.pem")))
    #expect(custody.look(now: fixture.now) == .refused(.keyDoesNotMatch(file: "ca-key.pem")))
    #expect(custody.look(now: fixture.now) == .unchanged)
    #expect(custody.signing.signer == fixture.signer.certificate)

    try fixture.mount(PluggedInFixture.istio(next, roots: [fixture.root]))
    guard case .replaced = custody.look(now: fixture.now) else {
      Issue.record("the good replacement is not used")
      return
    }
    #expect(custody.signing.signer == next.certificate)
  }

  @Test func `one that is not valid yet is used when its time has come`() throws {
    try fixture.mount(PluggedInFixture.istio(fixture.signer, roots: [fixture.root]))
    let custody = try fixture.open()
    var future = fixture.maker
    future.notBefore = fixture.now.addingTimeInterval(600)
    let next = try future.intermediate("next", under: fixture.root)
    try fixture.mount(PluggedInFixture.istio(next, roots: [fixture.root]))
    for _ in 0..<3 { _ = custody.look(now: fixture.now) }
    #expect(custody.signing.signer == fixture.signer.certificate)
    _ = custody.look(now: fixture.now.addingTimeInterval(601))
    #expect(custody.signing.signer == next.certificate)
  }

  @Test func `a new root is trusted first and signs a leaf later, and the old one stays as long again`() async throws {
    try fixture.mount(PluggedInFixture.istio(fixture.signer, roots: [fixture.root]))
    let custody = try fixture.open()
    let other = try fixture.maker.root("other")
    let next = try fixture.maker.intermediate("next", under: other)
    try fixture.mount(PluggedInFixture.istio(next, roots: [other]))
    _ = custody.look(now: fixture.now)
    #expect(custody.signing.signer == fixture.signer.certificate)
    let both = try #require(try await custody.load())
    #expect(Set(both.bundle.map(\.id)) == [try fixture.root.root().id, try other.root().id])
    #expect(both.successor?.certificate == (try other.root()))

    let wait = fixture.policy.settling + 300
    _ = custody.look(now: fixture.now.addingTimeInterval(wait - 1))
    #expect(custody.signing.signer == fixture.signer.certificate)
    #expect(custody.look(now: fixture.now.addingTimeInterval(wait)) == .advanced)
    #expect(custody.signing.signer == next.certificate)
    #expect(try await custody.load()?.bundle.count == 2)
    #expect(custody.look(now: fixture.now.addingTimeInterval(2 * wait)) == .advanced)
    let last = try #require(try await custody.load())
    #expect(last.bundle == [try other.root()])
    #expect(last.generation > both.generation)
  }

  @Test func `a root that was listed long before signs at once`() throws {
    let other = try fixture.maker.root("other")
    try fixture.mount(PluggedInFixture.istio(fixture.signer, roots: [fixture.root]))
    let custody = try fixture.open()
    try fixture.mount(PluggedInFixture.istio(fixture.signer, roots: [fixture.root, other]))
    _ = custody.look(now: fixture.now)
    let later = fixture.now.addingTimeInterval(2 * fixture.policy.settling)
    let next = try fixture.maker.intermediate("next", under: other)
    try fixture.mount(PluggedInFixture.istio(next, roots: [fixture.root, other]))
    _ = custody.look(now: later)
    #expect(custody.signing.signer == next.certificate)
  }

  @Test func `a root made anew with its old key is another root`() async throws {
    try fixture.mount(PluggedInFixture.istio(fixture.root, roots: [fixture.root]))
    let custody = try fixture.open()
    let again = try fixture.maker.root("root", withKeyOf: fixture.root)
    try fixture.mount(PluggedInFixture.istio(again, roots: [again]))
    _ = custody.look(now: fixture.now)
    #expect(try await custody.load()?.bundle.count == 2)
  }

  @Test(.timeLimit(.minutes(1)), arguments: [true, false])
  func `the watch sees a swapped link and a file written in place`(byLink: Bool) async throws {
    let files = PluggedInFixture.istio(fixture.signer, roots: [fixture.root])
    if byLink {
      try fixture.mount(files)
    } else {
      for (name, text) in files { try fixture.scratch.write("mount/\(name)", text.utf8) }
    }
    let custody = try fixture.open()
    let next = try fixture.maker.intermediate("next", under: fixture.root)
    let (findings, continuation) = AsyncStream.makeStream(of: PluggedInCustody.Finding.self)
    let now = fixture.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      // So rarely by the clock that only the watch can have seen it.
      group.addTask {
        await custody.watch(every: .seconds(3_600), now: { now }, report: { continuation.yield($0) })
      }
      let replacement = PluggedInFixture.istio(next, roots: [fixture.root])
      if byLink {
        try fixture.mount(replacement)
      } else {
        for (name, text) in replacement { try fixture.scratch.write("mount/\(name)", text.utf8) }
      }
      for await finding in findings {
        // Files that are written one by one may be a replacement before the last is there.
        if case .replaced = finding, custody.signing.signer == next.certificate { break }
      }
      group.cancelAll()
    }
    #expect(custody.signing.signer == next.certificate)
  }
}
