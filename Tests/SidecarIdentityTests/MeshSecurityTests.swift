import APISIXSink
import CertificateAuthority
import KubernetesObjects
import SPIFFE
import SidecarIdentity
import Testing

@Suite struct MeshSecurityTests {
  private let mesh: TestMesh

  init() throws { mesh = try TestMesh() }

  private func security(_ mode: SidecarSecurity.Mode = .permissive) -> SidecarSecurity {
    SidecarSecurity(mode: mode, trustDomain: mesh.trustDomain, inboundPorts: [8080...8080])
  }

  private func peer(
    _ account: String = "cart",
    namespace: String = "shop",
    trustDomain: String = "cluster.local",
    ports: [ClosedRange<Int>] = [8080...8080],
    mtlsPort: Int? = 19443
  ) throws -> PeerStanding {
    let identity = try WorkloadIdentity(
      trustDomain: TrustDomain(trustDomain),
      namespace: namespace,
      serviceAccount: account
    )
    return .peer(Peer(identity: identity, mtlsPort: mtlsPort, inboundPorts: ports))
  }

  private func upstream(_ nodes: [(String, Int)], scheme: String? = nil, checks: Bool = false) -> DictionaryDelta {
    var object: JSONObject = ["id": "u", "type": "roundrobin"]
    object["nodes"] = .array(
      nodes.map { ["host": .string($0.0), "port": .number(JSONNumber($0.1)), "weight": 1] }
    )
    if let scheme { object["scheme"] = .string(scheme) }
    if checks { object["checks"] = ["active": ["type": "http", "http_path": "/"]] }
    return DictionaryDelta(settings: ["/upstreams/u": JSONValue.object(object).serialized()])
  }

  /// What APISIX is given for an upstream.
  private func given(
    _ nodes: [(String, Int)],
    _ standings: [String: PeerStanding],
    mode: SidecarSecurity.Mode = .permissive,
    scheme: String? = nil,
    checks: Bool = false,
    hasIdentity: Bool = true,
    names: Bool = true
  ) async throws -> JSONValue {
    var state = MeshSecurity(security(mode))
    let standing = { (address: String) in standings[address] ?? .unknown }
    if hasIdentity {
      _ = state.show(try await mesh.certificate(names: names), try mesh.bundle(), standing)
    }
    state.take(upstream(nodes, scheme: scheme, checks: checks), now: .zero)
    let delta = state.release(now: MeshSecurity.patience, standing)
    return try JSONValue(parsing: try #require(delta.settings["/upstreams/u"]))
  }

  private func isPlain(_ value: JSONValue) -> Bool {
    value["tls"] == nil && value["nodes"]?[0]?["port"]?.integer == 8080 && value["labels"] == nil
  }

  @Test(arguments: [(nil, "https"), ("grpc", "grpcs")])
  func `an upstream of peers goes by mutual TLS`(_ scheme: String?, _ secure: String) async throws {
    let value = try await given(
      [("10.0.0.1", 8080), ("fd00::1", 8080)],
      ["10.0.0.1": peer(), "fd00::1": peer()],
      scheme: scheme,
      checks: true
    )
    #expect(value["scheme"]?.string == secure)
    #expect(value["nodes"]?.array?.compactMap { $0["port"]?.integer } == [19443, 19443])
    #expect(value["nodes"]?[0]?["weight"]?.integer == 1)
    #expect(value["labels"]?["amesh-name"]?.string == "cart.shop.sa.cluster.local")
    #expect(value["labels"]?["amesh-port"]?.string == "8080")
    let shown = try #require(value["tls"]?["client_cert"]?.string)
    #expect(shown.hasPrefix("cart.shop.sa.cluster.local\n-----BEGIN CERTIFICATE-----"))
    #expect(value["tls"]?["client_key"]?.string?.contains("PRIVATE KEY") == true)
    #expect(value["checks"]?["active"]?["type"]?.string == "tcp")
  }

  @Test func `the name is the narrowest that all have`() async throws {
    let two = [("10.0.0.1", 8080), ("10.0.0.2", 8080)]
    let namespace = try await given(two, ["10.0.0.1": peer("a"), "10.0.0.2": peer("b")])
    #expect(namespace["labels"]?["amesh-name"]?.string == "shop.sa.cluster.local")
    let all = try await given(two, ["10.0.0.1": peer("a"), "10.0.0.2": peer("a", namespace: "other")])
    #expect(all["labels"]?["amesh-name"]?.string == "sa.cluster.local")
  }

  @Test func `an upstream that is not all of peers is plain, or nothing where plaintext is not allowed`() async throws {
    let nodes = [("10.0.0.1", 8080), ("10.0.0.2", 8080)]
    let others: [PeerStanding] = [
      .outside, .unknown, try peer(mtlsPort: nil), try peer(ports: [9090...9090]), try peer(trustDomain: "else.test"),
    ]
    for other in others {
      let standings = ["10.0.0.1": try peer(), "10.0.0.2": other]
      #expect(try await isPlain(given(nodes, standings)), "\(other)")
      let strict = try await given(nodes, standings, mode: .strict)
      #expect(strict["nodes"]?.array?.isEmpty == true && strict["tls"] == nil, "\(other)")
    }
  }

  @Test func `where endpoints have different ports of the application, each is told with its endpoint`() async throws {
    let standings = ["10.0.0.1": try peer(), "fd00::1": try peer(ports: [8081...8081])]
    let value = try await given([("10.0.0.1", 8080), ("fd00::1", 8081)], standings, mode: .strict)
    #expect(value["labels"]?["amesh-name"]?.string == "cart.shop.sa.cluster.local")
    #expect(value["labels"]?["amesh-port"] == nil)
    #expect(value["nodes"]?.array?.compactMap { $0["port"]?.integer } == [19443, 19443])
    #expect(value["nodes"]?.array?.compactMap { $0["metadata"]?["amesh-port"]?.string } == ["8080", "8081"])
  }

  @Test(arguments: ["fd00::1", "FD00:0::1"])
  func `two ports of the application can't be told apart at one address`(_ spelling: String) async throws {
    let nodes = [("fd00::1", 8080), (spelling, 8081), ("10.0.0.2", 8080)]
    let standings = ["fd00::1": try peer(ports: [8080...8081]), "10.0.0.2": try peer()]
    #expect(try await isPlain(given(nodes, standings)))
    let strict = try await given(nodes, standings, mode: .strict)
    #expect(strict["nodes"]?.array?.isEmpty == true)
  }

  @Test func `what is outside of the mesh is plain, and what the application itself takes`() async throws {
    for mode in [SidecarSecurity.Mode.permissive, .strict] {
      #expect(try await isPlain(given([("10.0.0.1", 8080)], ["10.0.0.1": .outside], mode: mode)))
      #expect(try await isPlain(given([("127.0.0.1", 8080)], [:], mode: mode)))
      #expect(try await isPlain(given([("::1", 8080)], [:], mode: mode)))
      #expect(try await isPlain(given([("db.example", 8080)], [:], mode: mode)))
    }
    let tls = try await given([("10.0.0.1", 8080)], ["10.0.0.1": peer()], mode: .strict, scheme: "https")
    #expect(tls["labels"] == nil && tls["nodes"]?[0]?["port"]?.integer == 8080)
  }

  @Test func `without a certificate, or without names in it, nothing goes by mutual TLS`() async throws {
    let standings = ["10.0.0.1": try peer()]
    for (hasIdentity, names) in [(false, true), (true, false)] {
      #expect(try await isPlain(given([("10.0.0.1", 8080)], standings, hasIdentity: hasIdentity, names: names)))
      let strict = try await given(
        [("10.0.0.1", 8080)],
        standings,
        mode: .strict,
        hasIdentity: hasIdentity,
        names: names
      )
      #expect(strict["nodes"]?.array?.isEmpty == true)
    }
  }

  @Test func `a change waits for what is known of its addresses, with what comes after it, but not for ever`() throws {
    var state = MeshSecurity(security())
    var standings: [String: PeerStanding] = [:]
    state.take(upstream([("10.0.0.1", 8080)]), now: .seconds(1))
    state.take(DictionaryDelta(settings: ["/routes/r": Array("{}".utf8)], removals: ["/routes/old"]), now: .seconds(2))
    #expect(state.addresses == ["10.0.0.1"] && state.deadline == .seconds(3))
    #expect(state.release(now: .seconds(2)) { standings[$0] ?? .unknown }.isEmpty)
    standings["10.0.0.1"] = .outside
    let delta = state.release(now: .seconds(2)) { standings[$0] ?? .unknown }
    #expect(Set(delta.settings.keys) == ["/upstreams/u", "/routes/r"] && delta.removals == ["/routes/old"])
    #expect(state.deadline == nil)
    state.take(upstream([("10.0.0.2", 8080)]), now: .seconds(5))
    #expect(state.addresses == ["10.0.0.2"])
    #expect(state.release(now: .seconds(7)) { standings[$0] ?? .unknown }.settings.count == 1)
  }

  @Test func `becomes mutual, and stops being so, with its peers`() async throws {
    var state = MeshSecurity(security())
    _ = state.show(try await mesh.certificate(), try mesh.bundle()) { _ in .outside }
    state.take(upstream([("10.0.0.1", 8080)]), now: .zero)
    let plain = state.release(now: .zero) { _ in .outside }.settings
    #expect(state.counts == .init(plain: 1))
    let known = try peer()
    let mutual = state.changed(["10.0.0.1", "10.0.0.9"]) { _ in known }.settings
    #expect(mutual.keys.sorted() == ["/upstreams/u"] && mutual != plain && state.counts == .init(mutual: 1))
    #expect(state.changed(["10.0.0.1"]) { _ in .outside }.settings == plain)
  }

  @Test func `a new certificate goes into all that shows it, with the port's own, at once`() async throws {
    var state = MeshSecurity(security())
    let known = try peer()
    let first = try await mesh.certificate()
    _ = state.show(first, try mesh.bundle()) { _ in known }
    state.take(upstream([("10.0.0.1", 8080)]), now: .zero)
    let before = state.release(now: .zero) { _ in known }.settings
    let second = try await mesh.certificate()
    let delta = state.show(second, try mesh.bundle()) { _ in known }
    #expect(delta.settings["/upstreams/u"] != nil && delta.settings["/upstreams/u"] != before["/upstreams/u"])
    let port = try JSONValue(parsing: try #require(delta.settings["/ssls/amesh"]))
    #expect(port["cert"]?.string == second.chain && port["key"]?.string == second.key.privateKey)
    #expect(port["client"]?["ca"]?.string == mesh.rootPEM + "\n" && port["client"]?["depth"]?.integer == 1)
    #expect(port["snis"]?[0]?.string == "web.shop.sa.cluster.local")
    // A bundle alone is nothing that an upstream shows.
    let next = try TestMesh()
    var bundle = try mesh.bundle()
    bundle = try .init(trustDomain: mesh.trustDomain, authorities: bundle.authorities + next.bundle().authorities)
    let roots = state.show(second, bundle) { _ in known }
    #expect(roots.settings["/upstreams/u"] == nil)
    let metadata = try JSONValue(parsing: try #require(roots.settings["/plugin_metadata/amesh-mtls"]))
    #expect(metadata["bundle"]?.string?.contains(next.rootPEM) == true)
  }

  @Test func `who is served is told from the beginning, and nothing where there is no mutual TLS`() throws {
    var wanted = security(.strict)
    wanted.allowedIdentities = [try IdentityPattern("spiffe://cluster.local/ns/shop/*")]
    let rules = MeshSecurity(wanted).begun()
    let metadata = try JSONValue(parsing: try #require(rules["/plugin_metadata/amesh-mtls"]))
    #expect(metadata["mode"]?.string == "strict" && metadata["bundle"] == nil)
    #expect(metadata["allowed"]?[0]?.string == "spiffe://cluster.local/ns/shop/*")
    #expect(metadata["ports"]?[0]?[1]?.integer == 8080)
    #expect(rules["/global_rules/amesh-mtls"] != nil)
    for mode in [nil, security(.disabled)] {
      var state = MeshSecurity(mode)
      #expect(state.begin().isEmpty)
      state.take(upstream([("10.0.0.1", 8080)]), now: .zero)
      #expect(state.addresses.isEmpty)
      #expect(state.release(now: .zero) { _ in .unknown } == upstream([("10.0.0.1", 8080)]))
    }
  }
}

extension MeshSecurity {
  fileprivate func begun() -> [String: [UInt8]] {
    var state = self
    return state.begin().settings
  }
}
