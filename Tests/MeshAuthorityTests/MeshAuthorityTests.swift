import CertificateAuthority
import CertificateCustody
import FoundationEssentials
import OpenSSLKeys
import SPIFFE
import Synchronization
import Testing

@testable import MeshAuthority

/// The authority at work, with real keys and a clock of ours.
struct MeshAuthorityTests {
  private static let start = Date(timeIntervalSince1970: 1_800_000_000)
  private let trustDomain: TrustDomain
  private let web: WorkloadIdentity

  init() throws {
    trustDomain = try TrustDomain("mesh.example")
    web = try WorkloadIdentity(trustDomain: trustDomain, namespace: "shop", serviceAccount: "web")
  }

  /// Lives of seconds, so that a whole rotation fits into some minutes of the clock.
  private static var policy: RotationPolicy {
    var policy = RotationPolicy()
    policy.rootLife = 10_000
    policy.prepareAhead = 2_000
    policy.intermediateLife = 400
    policy.leafLife = 60
    policy.leafCap = 100
    policy.skew = 10
    return policy
  }

  private func authority(_ custody: any Custody, replica: String = "one") -> MeshAuthority {
    let openSSL = OpenSSL()
    return MeshAuthority(
      configuration: MeshAuthorityConfiguration(trustDomain: trustDomain, policy: Self.policy, replica: replica),
      custody: custody,
      cryptography: openSSL,
      openKey: { key throws(KeyError) in
        switch key {
        case .pem(let pem): try openSSL.importKey(pem: pem)
        case .uri(let uri): try openSSL.openKey(at: uri)
        }
      }
    )
  }

  private func look(_ authority: MeshAuthority, at now: Date) async throws -> Date {
    try await authority.look(now: now) { authority.observeAlone($0) }
  }

  private func leaf(_ authority: MeshAuthority, at now: Date) throws -> ReleasedCertificate {
    let key = try OpenSSL().makeKey(.ecdsaP256)
    return try authority.issue(web, for: ProvenKey(key), now: now)
  }

  @Test func `nothing is issued before the first look`() throws {
    let authority = authority(MemoryCustody())
    #expect(!authority.isReady(now: Self.start))
    #expect(throws: MeshAuthorityError.self) { try leaf(authority, at: Self.start) }
  }

  @Test func `after the first look leaves chain to the bundle`() async throws {
    let authority = authority(MemoryCustody())
    _ = try await look(authority, at: Self.start)
    let signing = try #require(authority.signing)
    let leaf = try leaf(authority, at: Self.start)
    #expect(leaf.intermediates.count == 1)
    #expect(try await signing.bundle.verify(leaf.chain, at: Self.start) == web.id)
    #expect(leaf.certificate.validity.notAfter == Self.start.addingTimeInterval(60))
  }

  @Test func `a restarted process goes on with the root and drops the intermediate of the old one`() async throws {
    let custody = MemoryCustody()
    let first = authority(custody, replica: "one")
    _ = try await look(first, at: Self.start)
    let before = try leaf(first, at: Self.start)
    let second = authority(custody, replica: "two")
    let now = Self.start.addingTimeInterval(5)
    _ = try await look(second, at: now)
    let signing = try #require(second.signing)
    #expect(signing.bundle == first.signing?.bundle)
    #expect(try await signing.bundle.verify(before.chain, at: now) == web.id)
    let state = try #require(try await custody.load())
    #expect(state.intermediates.filter { $0.replica == "one" }.allSatisfy { $0.dropped != nil })
    #expect(state.intermediates.contains { $0.replica == "two" && $0.dropped == nil })
  }

  @Test func `of two processes that start at once one root is kept`() async throws {
    let custody = MemoryCustody()
    let both = [authority(custody, replica: "one"), authority(custody, replica: "two")]
    try await withThrowingTaskGroup(of: Void.self) { group in
      for authority in both {
        group.addTask {
          _ = try await authority.look(now: Self.start) { state in
            // Neither knows the other to be gone.
            RotationObservations(configMapsHold: Set(state.roots.map(\.id)))
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await custody.load()?.roots.count == 1)
    let bundle = try #require(both[0].signing?.bundle)
    for authority in both {
      let chain = try leaf(authority, at: Self.start).chain
      #expect(try await bundle.verify(chain, at: Self.start) == web.id)
    }
  }

  /// Twelve thousand seconds of a mesh: every ten seconds a look, a leaf, and each leaf that is still valid verified against
  /// the bundle of the moment.
  @Test func `rotation never leaves a valid leaf without its root`() async throws {
    let custody = MemoryCustody()
    var authority = authority(custody)
    var leaves: [ReleasedCertificate] = []
    var roots: Set<SerialNumber> = []
    var issuers: Set<SerialNumber> = []
    var restarts = 0
    for step in 0..<1200 {
      let now = Self.start.addingTimeInterval(Double(step) * 10)
      if step % 97 == 96 {
        restarts += 1
        authority = self.authority(custody, replica: "replica-\(restarts)")
      }
      _ = try await look(authority, at: now)
      leaves = leaves.filter { $0.certificate.isValid(at: now) }
      let leaf = try leaf(authority, at: now)
      authority.handedOut(leafEnds: leaf.certificate.validity.notAfter, withBundle: true)
      leaves.append(leaf)
      let signing = try #require(authority.signing)
      for root in signing.bundle.authorities { roots.insert(root.serialNumber) }
      issuers.insert(signing.issuer.certificate.serialNumber)
      for leaf in leaves where leaf == leaves.first || leaf == leaves.last {
        let id = try await signing.bundle.verify(leaf.chain, at: now)
        #expect(id == web.id)
      }
    }
    #expect(roots.count == 2)
    #expect(issuers.count > 12_000 / 400)
    let state = try #require(try await custody.load())
    #expect(state.signer?.prepared.generation != 1)
    #expect(state.roots.count { $0.isTrusted } == 1)
  }

  @Test func `a person takes each step, and is told why not yet`() async throws {
    let custody = MemoryCustody()
    let authority = authority(custody)
    _ = try await look(authority, at: Self.start)
    let old = try #require(try await custody.load()?.signer)
    let leaf = try leaf(authority, at: Self.start)
    var subscriber = authority.subscribed()
    authority.acknowledged(try #require(authority.signing).generation, by: &subscriber)
    authority.handedOut(leafEnds: leaf.certificate.validity.notAfter, to: &subscriber)

    func command(_ command: RotationCommand, at seconds: Double) async throws(MeshAuthorityError) -> AuthorityState {
      try await authority.command(command, force: false, now: Self.start.addingTimeInterval(seconds)) {
        authority.observeAlone($0)
      }
    }
    let prepared = try await command(.prepare, at: 1)
    #expect(prepared.bundle.count == 2)
    await #expect(throws: MeshAuthorityError.self) { _ = try await command(.prepare, at: 2) }
    // The subscriber has not taken the new bundle yet.
    await #expect(throws: MeshAuthorityError.self) { _ = try await command(.activate(nil), at: 2) }
    authority.acknowledged(try #require(authority.signing).generation, by: &subscriber)
    let active = try await command(.activate(nil), at: 3)
    #expect(active.signer?.id != old.id)
    // Leaves under the old root live on.
    await #expect(throws: MeshAuthorityError.self) { _ = try await command(.retire(old.id), at: 4) }
    _ = try await look(authority, at: Self.start.addingTimeInterval(5))
    let signing = try #require(authority.signing)
    #expect(signing.held?.root == active.signer?.id)
    #expect(signing.bundle.authorities.count == 2)
    let retired = try await command(.retire(old.id), at: 500)
    #expect(retired.bundle.count == 1)
    #expect(retired.root(old.id)?.key == nil)
  }

  @Test func `a custody that fails leaves the last state in use`() async throws {
    let custody = FailingCustody()
    let authority = authority(custody)
    _ = try await look(authority, at: Self.start)
    custody.fails = true
    await #expect(throws: MeshAuthorityError.self) {
      _ = try await look(authority, at: Self.start.addingTimeInterval(30))
    }
    let leaf = try leaf(authority, at: Self.start.addingTimeInterval(30))
    let bundle = try #require(authority.signing?.bundle)
    #expect(try await bundle.verify(leaf.chain, at: Self.start.addingTimeInterval(30)) == web.id)
  }
}

extension MeshAuthorityTests {
  @Test func `a state that is lost makes no other authority, and one from a backup is not followed`() async throws {
    let custody = FailingCustody()
    let authority = authority(custody)
    _ = try await look(authority, at: Self.start)
    let backup = try await custody.load()
    _ = try await authority.command(.prepare, force: false, now: Self.start) { authority.observeAlone($0) }
    let bundle = authority.signing?.bundle
    for replacement in [nil, backup] {
      custody.replacement = .some(replacement)
      let error = await #expect(throws: MeshAuthorityError.self) { _ = try await look(authority, at: Self.start) }
      switch error {
      case .stateLost?: #expect(replacement == nil)
      case .stateWentBack(let found, let known)?: #expect(found == replacement?.generation && found < known)
      default: Issue.record("\(String(describing: error))")
      }
      #expect(authority.signing?.bundle == bundle)
      #expect(authority.isReady(now: Self.start))
    }
    custody.replacement = nil
    _ = try await look(authority, at: Self.start)
  }

  @Test func `another mesh's state is left as it is`() async throws {
    let custody = MemoryCustody()
    _ = try await look(authority(custody), at: Self.start)
    let before = try await custody.load()
    let other = MeshAuthority(
      configuration: MeshAuthorityConfiguration(
        trustDomain: try TrustDomain("other.example"),
        policy: Self.policy,
        replica: "two"
      ),
      custody: custody,
      cryptography: OpenSSL(),
      openKey: { _ throws(KeyError) in try OpenSSL().makeKey(.ecdsaP256) }
    )
    // Late enough for a root to be prepared.
    let late = Self.start.addingTimeInterval(9_000)
    await #expect(throws: MeshAuthorityError.self) { _ = try await look(other, at: late) }
    #expect(try await custody.load() == before)
  }
}

/// Memory that stops working when told, or gives what somebody has put in its place.
private final class FailingCustody: Custody {
  private let memory = MemoryCustody()
  private let isFailing = Mutex(false)
  private let put = Mutex<AuthorityState??>(nil)

  /// What lies there instead; nil for what was written, nil inside for nothing.
  var replacement: AuthorityState?? {
    get { put.withLock { $0 } }
    set { put.withLock { $0 = newValue } }
  }

  var fails: Bool {
    get { isFailing.withLock { $0 } }
    set { isFailing.withLock { $0 = newValue } }
  }

  func load() async throws(CustodyError) -> AuthorityState? {
    if fails { throw .unreadable(path: "memory", problem: "told to fail") }
    if let replacement { return replacement }
    return try await memory.load()
  }

  func createOrAdopt(_ state: AuthorityState) async throws(CustodyError) -> AuthorityState {
    try await memory.createOrAdopt(state)
  }

  func replace(with state: AuthorityState) async throws(CustodyError) {
    if fails { throw .unwritable(path: "memory", problem: "told to fail") }
    try await memory.replace(with: state)
  }
}
