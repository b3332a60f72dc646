import CallerAuthentication
import KubernetesAPI
import KubernetesObjects
import Testing

@testable import ClusterIdentity
@testable import KubernetesTesting

/// Tokens that only the API server can judge.
struct TokenReviewTests {
  @Test func `a Pod that the informer has not heard of is asked about once in ten seconds`() async throws {
    let cluster = try TestCluster()
    let known = try await cluster.workload()
    try await cluster.run {
      await cluster.deafen()
      let token = try cluster.token(
        pod: try await cluster.createPod("cart-1"),
        serviceAccount: known.claims.serviceAccountUID,
        name: "cart-1"
      )
      for _ in 0..<5 { #expect(await cluster.judge(token).isAccepted) }
      #expect(cluster.reviews == 1)
      // A known one is still judged by what is known.
      #expect(await cluster.judge(known).isAccepted)
      #expect(cluster.reviews == 1)
    }
  }

  @Test func `answers are remembered for ten seconds, refusals for one`() async throws {
    let cluster = try TestCluster()
    let good = try await cluster.workload()
    var claims = good.claims
    claims.pod = ("cart-9", "none")
    let bad = try TestToken(claims, by: cluster.signing)
    // Nothing runs: the informers know nothing, and every token is asked about.
    _ = await cluster.keys.refresh(after: nil)
    for (token, lifetime) in [(good, Duration.seconds(10)), (bad, .seconds(1))] {
      let before = cluster.reviews
      let first = await cluster.judge(token)
      #expect(first.isAccepted == (lifetime > .seconds(1)))
      cluster.clock.advance(by: lifetime - .milliseconds(1))
      #expect(await cluster.judge(token) == first)
      #expect(cluster.reviews == before + 1)
      cluster.clock.advance(by: .milliseconds(1))
      #expect(await cluster.judge(token) == first)
      #expect(cluster.reviews == before + 2)
    }
  }

  @Test func `before anything was listed the API server decides`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    #expect(await cluster.judge(token).isAccepted)
    #expect(cluster.reviews == 1)
    try await cluster.server.delete(.pods, ObjectKey(namespace: "shop", name: "cart-0"))
    cluster.clock.advance(by: .seconds(10))
    #expect(await cluster.judge(token) == .refused(.tokenReview))
  }

  @Test func `many with one token are one question`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    _ = await cluster.keys.refresh(after: nil)
    cluster.server.hold()
    let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
      for _ in 0..<20 { group.addTask { await cluster.judge(token) } }
      await cluster.server.observed.wait { $0.held == 1 }
      while cluster.reviewer.waiting < 19 { await Task.yield() }
      cluster.server.answer()
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count { $0.isAccepted } == 20)
    #expect(cluster.reviews == 1)
  }

  @Test func `who waits for an answer goes on when the one who asked for it has gone`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    _ = await cluster.keys.refresh(after: nil)
    cluster.server.hold()
    let outcome = try await withThrowingTaskGroup(of: Outcome.self) { group in
      let first = Task { await cluster.judge(token) }
      await cluster.server.observed.wait { $0.held == 1 }
      group.addTask { await cluster.judge(token) }
      while cluster.reviewer.waiting < 1 { await Task.yield() }
      first.cancel()
      cluster.server.answer()
      #expect(await first.value == .passed(.tokenUndecided))
      return try await group.next()
    }
    #expect(outcome?.isAccepted == true)
  }

  @Test func `there is a limit to questions, and made-up tokens do not use up that of genuine ones`() async throws {
    var limits = TokenReviewer.Limits()
    (limits.burst, limits.perSecond, limits.unprovenBurst, limits.unprovenPerSecond) = (3, 1, 2, 1)
    limits.longestWait = .zero
    let cluster = try TestCluster(limits: limits)
    let genuine = try await cluster.workload()
    _ = await cluster.keys.refresh(after: nil)
    for number in 0..<50 {
      let made = try TestToken(by: SigningCluster(keyID: "made-up-\(number)"))
      let outcome = await cluster.judge(made)
      #expect(outcome == (number < 2 ? .refused(.tokenReview) : .passed(.tokenUndecided)))
    }
    #expect(cluster.reviews == 2)
    #expect(await cluster.judge(genuine).isAccepted)
    #expect(cluster.reviews == 3)
    cluster.clock.advance(by: .seconds(1))
    #expect(await cluster.judge(try TestToken(by: SigningCluster(keyID: "late"))) == .refused(.tokenReview))
    #expect(cluster.reviews == 4)
  }

  @Test func `a turn that comes soon is waited for`() async throws {
    var limits = TokenReviewer.Limits()
    (limits.burst, limits.perSecond) = (1, 1)
    let cluster = try TestCluster(limits: limits)
    let first = try await cluster.workload()
    let second = try cluster.token(
      pod: try await cluster.createPod("cart-1"),
      serviceAccount: first.claims.serviceAccountUID,
      name: "cart-1"
    )
    _ = await cluster.keys.refresh(after: nil)
    #expect(await cluster.judge(first).isAccepted)
    async let outcome = cluster.judge(second)
    await cluster.clock.waitForSleepers(1)
    #expect(cluster.reviews == 1)
    cluster.clock.advance(by: .seconds(1))
    #expect(await outcome.isAccepted)
    #expect(cluster.reviews == 2)
  }

  @Test func `nothing of a token is kept but its hash`() async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    _ = await cluster.keys.refresh(after: nil)
    #expect(await cluster.judge(token).isAccepted)
    #expect(cluster.reviewer.cache.count == 1)
    var text = ""
    dump(cluster.reviewer.cache, to: &text)
    dump(token.bearer, to: &text)
    #expect(text.contains("system:serviceaccount:shop:cart"))
    for piece in [token.text] + token.text.split(separator: ".").map(String.init) { #expect(!text.contains(piece)) }
  }

  @Test func `the number of remembered answers is bounded`() async throws {
    var limits = TokenReviewer.Limits()
    (limits.capacity, limits.burst) = (4, 100)
    let cluster = try TestCluster(limits: limits)
    let first = try await cluster.workload()
    _ = await cluster.keys.refresh(after: nil)
    for number in 0..<20 {
      let token = try cluster.token(
        pod: try await cluster.createPod("cart-\(number + 1)"),
        serviceAccount: first.claims.serviceAccountUID,
        name: "cart-\(number + 1)"
      )
      #expect(await cluster.judge(token).isAccepted)
    }
    #expect(cluster.reviewer.cache.count == 4)
  }

  @Test(arguments: [
    (TwinFault(.twin(403, "Forbidden", "tokenreviews is forbidden")), "403"),
    (TwinFault(.unreachable), "can't be reached"), (TwinFault(.throttled(retryAfter: nil)), "429"),
  ])
  func `where no answer comes nobody is let in, and the log can tell why`(fault: TwinFault, word: String) async throws {
    let cluster = try TestCluster()
    let token = try await cluster.workload()
    _ = await cluster.keys.refresh(after: nil)
    cluster.server.fail(fault)
    guard case .passed(let failure) = await cluster.tokens.judge(.init(token: token.bearer), at: cluster.now) else {
      throw Unexpected()
    }
    #expect(failure.reason == .tokenUndecided)
    #expect("\(failure)".contains(word), "\(failure)")
    cluster.clock.advance(by: .seconds(2))
    #expect(await cluster.judge(token).isAccepted)
  }
}
