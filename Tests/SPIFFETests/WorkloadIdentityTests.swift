import SPIFFE
import Testing

@Suite struct WorkloadIdentityTests {
  let trustDomain: TrustDomain

  init() throws { trustDomain = try TrustDomain("cluster.local") }

  @Test(arguments: [
    ("default", "web"), ("a", "0"), (String(repeating: "n", count: 63), String(repeating: "s", count: 253)),
    ("kube-system", "a.b.c"),
  ])
  func `names of Kubernetes make an ID and are read back from it`(_ namespace: String, _ account: String) throws {
    let identity = try WorkloadIdentity(trustDomain: trustDomain, namespace: namespace, serviceAccount: account)
    #expect(identity.description == "spiffe://cluster.local/ns/\(namespace)/sa/\(account)")
    #expect(try SPIFFEID(identity.description) == identity.id)
    #expect(try WorkloadIdentity(identity.id) == identity)
  }

  @Test(arguments: ["", "A", "a.b", "-a", "a-", "a/b", "..", "a_b", "é", "a\n", String(repeating: "n", count: 64)])
  func `is no namespace`(_ namespace: String) {
    #expect(throws: SPIFFEIDError.invalidNamespace) {
      try WorkloadIdentity(trustDomain: trustDomain, namespace: namespace, serviceAccount: "web")
    }
  }

  @Test(arguments: ["", ".", "a..b", "a.", ".a", "A", "a/b", "a.-b", "a_b", String(repeating: "s", count: 254)])
  func `is no service account`(_ account: String) {
    #expect(throws: SPIFFEIDError.invalidServiceAccount) {
      try WorkloadIdentity(trustDomain: trustDomain, namespace: "default", serviceAccount: account)
    }
  }

  @Test(arguments: [
    ("spiffe://td", SPIFFEIDError.notAWorkload),
    ("spiffe://td/ns/a/sa", .notAWorkload),
    ("spiffe://td/ns/a/sa/b/c", .notAWorkload),
    ("spiffe://td/sa/a/ns/b", .notAWorkload),
    ("spiffe://td/NS/a/sa/b", .notAWorkload),
    ("spiffe://td/ns/a.b/sa/c", .invalidNamespace),
    ("spiffe://td/ns/A/sa/c", .invalidNamespace),
    ("spiffe://td/ns/a/sa/b_c", .invalidServiceAccount),
  ])
  func `is no workload`(_ text: String, _ problem: SPIFFEIDError) throws {
    let id = try SPIFFEID(text)
    #expect(throws: problem) { try WorkloadIdentity(id) }
  }

  @Test func `DNS names go from the workload to the trust domain`() throws {
    let identity = try WorkloadIdentity(trustDomain: trustDomain, namespace: "shop", serviceAccount: "web")
    #expect(identity.dnsNames == ["web.shop.sa.cluster.local", "shop.sa.cluster.local", "sa.cluster.local"])
  }

  @Test func `what the DNS can't carry is left out of the DNS names`() throws {
    let account = String(repeating: "s", count: 64)
    let long = try WorkloadIdentity(trustDomain: trustDomain, namespace: "shop", serviceAccount: account)
    #expect(long.dnsNames == ["shop.sa.cluster.local", "sa.cluster.local"])
    let underscored = try WorkloadIdentity(trustDomain: TrustDomain("a_b"), namespace: "shop", serviceAccount: "web")
    #expect(underscored.dnsNames == [])
  }
}
