import CallerAuthentication
import KubernetesAPI
import KubernetesObjects
import Testing

@testable import ClusterIdentity
@testable import KubernetesTesting

struct ClusterSigningKeysTests {
  @Test func `a token of a new key brings the new keys`() async throws {
    let cluster = try TestCluster()
    let old = try await cluster.workload()
    try await cluster.run {
      let next = SigningCluster(keyID: "next")
      let token = try TestToken(old.claims, by: next)
      cluster.server.serve(DiscoveryDocument.keysPath, SigningCluster.keySet(cluster.signing, next))
      #expect(await cluster.judge(token).isAccepted)
      #expect(await cluster.judge(old).isAccepted)
      #expect(cluster.keyReads == 2)
      #expect(cluster.reviews == 0)
    }
  }

  @Test func `a key that is taken back is good until the next look`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    try await cluster.run {
      #expect(await cluster.judge(token).isAccepted)
      cluster.server.observed.change { $0.tokens = [:] }
      cluster.server.serve(DiscoveryDocument.keysPath, SigningCluster.keySet(SigningCluster(keyID: "next")))
      #expect(await cluster.judge(token).isAccepted)
      cluster.clock.advance(by: .seconds(300))
      await cluster.keyChanges.wait { $0 == 2 }
      #expect(await cluster.judge(token) == .refused(.tokenReview))
    }
  }

  @Test func `a flood of unknown names leads to few looks`() async throws {
    var limits = TokenReviewer.Limits()
    limits.longestWait = .zero
    let cluster = try TestCluster(limits: limits)
    let token = try await cluster.workload()
    try await cluster.run {
      let before = cluster.keyReads
      for number in 0..<100 {
        let made = try TestToken(by: SigningCluster(keyID: "made-up-\(number)"))
        #expect(await cluster.judge(made).isAccepted == false)
      }
      #expect(cluster.keyReads == before + 2)
      #expect(cluster.reviews == 10)
      #expect(await cluster.judge(token).isAccepted)
      // A look again in ten seconds, and no sooner.
      for (wait, looks) in [(Duration.milliseconds(9999), 2), (.milliseconds(1), 3)] {
        cluster.clock.advance(by: wait)
        _ = await cluster.judge(try TestToken(by: SigningCluster(keyID: "late")))
        #expect(cluster.keyReads == before + looks)
      }
    }
  }

  @Test func `those who ask at once look once`() async throws {
    let cluster = try TestCluster()
    cluster.server.hold()
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<10 { group.addTask { await cluster.keys.refresh(after: nil) } }
      await cluster.server.observed.wait { $0.held == 1 }
      cluster.server.answer()
      for try await found in group { #expect(found) }
    }
    #expect(cluster.keyReads == 1)
  }

  @Test func `the last keys stay while the API server is away`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    try await cluster.run {
      cluster.server.goAway()
      cluster.clock.advance(by: .seconds(300))
      #expect(await cluster.keys.refresh(after: cluster.keys.current?.generation) == false)
      #expect(cluster.keys.problem?.contains("can't be reached") == true)
      #expect(cluster.keys.age.map { $0 >= .seconds(300) } == true)
      #expect(await cluster.judge(token).isAccepted)
    }
  }

  @Test(arguments: ["no JSON", #"{"keys":[]}"#, "long"])
  func `what are no keys changes nothing`(text: String) async throws {
    let answer = text == "long" ? [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20) : Array(text.utf8)
    let cluster = try TestCluster()
    #expect(await cluster.keys.refresh(after: nil))
    let before = try #require(cluster.keys.current)
    cluster.server.serve(DiscoveryDocument.keysPath, answer)
    #expect(await cluster.keys.refresh(after: before.generation) == false)
    #expect(cluster.keys.current?.generation == before.generation)
    #expect(cluster.keys.current?.keys.count == 1)
    #expect(cluster.keys.problem != nil)
  }

  @Test func `the issuer that is set stays in force`() async throws {
    let cluster = try TestCluster(issuer: "https://set.by.hand")
    let token = try await cluster.workload()
    var claims = token.claims
    claims.issuer = "https://set.by.hand"
    let other = try TestToken(claims, by: cluster.signing)
    try await cluster.run {
      #expect(await cluster.judge(token) == .refused(.tokenIssuer))
      #expect(await cluster.judge(other).isAccepted)
    }
  }

  @Test func `the issuer that the API server tells is followed`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    var claims = token.claims
    claims.issuer = "https://moved"
    let other = try TestToken(claims, by: cluster.signing)
    try await cluster.run {
      #expect(await cluster.judge(other) == .refused(.tokenIssuer))
      cluster.server.serve(DiscoveryDocument.path, SigningCluster.discovery(issuer: "https://moved"))
      cluster.clock.advance(by: .seconds(300))
      await cluster.keyChanges.wait { $0 == 2 }
      // What the informers heard is old by now.
      cluster.register(other)
      #expect(await cluster.judge(other).isAccepted)
      #expect(await cluster.judge(token) == .refused(.tokenIssuer))
    }
  }

  @Test func `an API server without discovery gives keys all the same`() async throws {
    let cluster = try TestCluster(issuer: SigningCluster.issuer)
    cluster.server.observed.change { $0.documents[DiscoveryDocument.path] = nil }
    let token = try await cluster.workload()
    try await cluster.run { #expect(await cluster.judge(token).isAccepted) }
  }

  @Test(arguments: [
    "", "[]", #"{"issuer":""}"#, #"{"issuer":1}"#, #"{"issuer":"\#(String(repeating: "a", count: 3000))"}"#,
    #"{"issuer":"a","issuer":"b"}"#,
  ])
  func `what is no discovery document names no issuer`(text: String) {
    #expect(DiscoveryDocument(parsing: Array(text.utf8)) == nil)
  }
}
