import CertificateAuthority
import CertificateTesting
import FoundationEssentials
import Injection
import KubernetesObjects
import Testing

@testable import ClusterDiagnosis

struct DiagnosisTests {
  @Test func `A healthy cluster has one thing to look at: what could not be reached from here`() async throws {
    let diagnosis = await Diagnosis.of(try Healthy().snapshot)
    #expect(diagnosis.count(.failure) == 0, "\(diagnosis.findings.filter { $0.level == .failure })")
    let warnings = diagnosis.findings.filter { $0.level == .warning }
    #expect(warnings.map(\.section) == [.webhooks])
    #expect(warnings.first?.text.contains("amesh.amesh-system.svc:443") == true)
    #expect(Set(diagnosis.findings.map(\.section)) == Set(Section.allCases), "each section says something")
    #expect(diagnosis.findings.allSatisfy { ($0.cure == nil) == ($0.level == .ok) })
    #expect(diagnosis.json["result"] == "warning")
    #expect(diagnosis.json["findings"]?.array?.count == diagnosis.findings.count)
  }

  @Test func `Without an API server nothing else is said`() async throws {
    var snapshot = try Healthy().snapshot
    snapshot.server = .unknown("the API server can't be reached: refused")
    let diagnosis = await Diagnosis.of(snapshot)
    #expect(diagnosis.findings.count == 1)
    #expect(diagnosis.worst == .failure)
  }

  /// What is broken, and what has to be said of it.
  struct Case: Sendable, CustomTestStringConvertible {
    var says: String
    var level: Finding.Level
    var section: Section
    var broken: @Sendable (inout ClusterSnapshot) throws -> Void
    var testDescription: String { says }

    init(
      _ level: Finding.Level,
      _ section: Section,
      _ says: String,
      _ broken: @escaping @Sendable (inout ClusterSnapshot) throws -> Void
    ) {
      self.level = level
      self.section = section
      self.says = says
      self.broken = broken
    }
  }

  @Test(arguments: Breakages.controlPlane + Breakages.webhooks + Breakages.certificates + Breakages.cluster)
  func `What is broken is told`(_ broken: Case) async throws {
    let healthy = try Healthy().snapshot
    #expect(
      await Diagnosis.of(healthy).findings.allSatisfy { $0.level != broken.level || !$0.text.contains(broken.says) },
      "it is not said of a healthy cluster"
    )
    var snapshot = healthy
    try broken.broken(&snapshot)
    let findings = await Diagnosis.of(snapshot).findings
    #expect(
      findings.contains {
        $0.level == broken.level && $0.section == broken.section && $0.text.contains(broken.says) && $0.cure != nil
      },
      "\(findings.filter { $0.level != .ok })"
    )
  }

  @Test func `What a replica leaves behind is told from what one issues by`() async throws {
    var snapshot = try Healthy().snapshot
    snapshot.authority = snapshot.authority.map { authority in
      var authority = authority
      let end = Healthy.now.addingTimeInterval(600)
      authority?.intermediates.append(.init(replica: "amesh-c-9zz", notAfter: end))
      return authority
    }
    let texts = await Diagnosis.of(snapshot).findings.map(\.text)
    #expect(texts.contains("the issuing certificate of amesh-c-9zz, whose Pod is gone"))
    #expect(!texts.contains { $0.contains("amesh-a-1k3, whose Pod is gone") })
  }

  @Test func `What can't be read is told as such, section by section`() async throws {
    var snapshot = ClusterSnapshot(Healthy.subject, now: Healthy.now)
    snapshot.server = .known("v1.33.1")
    let findings = await Diagnosis.of(snapshot).findings
    let sections = Set(
      findings.filter { $0.level == .warning && $0.text.contains("could not be looked at") }.map(\.section)
    )
    #expect(sections == Set(Section.allCases.filter { $0 != .server }))
    #expect(!findings.contains { $0.level == .failure })
  }

  @Test(arguments: ["linkerd-proxy-injector.linkerd.io", "mutate.kyverno.svc-fail"])
  func `Others that are asked about the same Pods are named`(_ name: String) async throws {
    var snapshot = try Healthy().snapshot
    var webhook = try #require(snapshot.webhooks.value?.first?.webhooks.first)
    webhook.name = name
    webhook.namespaceSelector = LabelSelector()
    webhook.objectSelector = LabelSelector()
    let other = WebhookConfigurationFacts(name: "other", webhooks: [webhook])
    snapshot.webhooks = snapshot.webhooks.map { $0 + [other] }
    let findings = await Diagnosis.of(snapshot).findings
    #expect(findings.contains { $0.level == .ok && $0.text.contains(name) })
    // One that is never asked about Pods of meshed namespaces is nobody's concern.
    webhook.namespaceSelector = LabelSelector(matchLabels: ["kubernetes.io/metadata.name": "elsewhere"])
    snapshot.webhooks = .known([WebhookConfigurationFacts(name: "other", webhooks: [webhook])])
    #expect(await !Diagnosis.of(snapshot).findings.contains { $0.text.contains(name) })
  }

  @Test func `Who may not read the Secret sees the published roots`() async throws {
    var snapshot = try Healthy().snapshot
    snapshot.authority = .unknown("403 Forbidden")
    let certificates = await Diagnosis.of(snapshot).findings.filter { $0.section == .certificates }
    #expect(certificates.allSatisfy { $0.level == .ok })
    #expect(certificates.contains { $0.text.contains("published root") && $0.text.contains("3649 d left") })
    #expect(certificates.contains { $0.text.contains("403 Forbidden") })
  }

  @Test func `Of the authority's Secret only certificates are read`() throws {
    let root = try CertificateMaker(notBefore: Healthy.now).root()
    let old = try CertificateMaker(notBefore: Healthy.now).root("old")
    let state: JSONValue = [
      "version": 1,
      "roots": [
        ["certificate": .string(root.pem), "key": ["pem": "secret"], "activated": ["generation": 1]],
        ["certificate": .string(old.pem), "activated": ["generation": 1], "retired": ["generation": 2]],
      ],
      "intermediates": [
        ["replica": "a", "notAfter": "2027-01-01T00:00:00Z"], ["replica": "a", "notAfter": "2027-02-01T00:00:00Z"],
        ["replica": "b", "notAfter": "2027-03-01T00:00:00Z", "dropped": ["generation": 3]],
      ],
    ]
    let data = Data(state.serialized()).base64EncodedString()
    let secret: JSONValue = ["metadata": ["name": "amesh-ca"], "data": ["authority.json": .string(data)]]
    let facts = try #require(AuthorityFacts(secret: try JSONDocument(parsing: secret.serialized()).root))
    #expect(facts.roots == [.init(certificate: root.certificate, signs: true)])
    #expect(facts.intermediates.map(\.replica) == ["a"])
    #expect(facts.intermediates.first?.notAfter == Timestamp.parse("2027-02-01T00:00:00Z"))
    #expect(!"\(facts)".contains("secret"))
  }

  @Test(
    arguments: [
      ("apache/amesh:0.1.0", "0.1.0"), ("registry.example:5000/amesh:v1.2.3-rc1@sha256:00", "1.2.3-rc1"),
      ("registry.example:5000/amesh", nil), ("apache/amesh:latest", nil), ("", nil),
    ] as [(String, String?)]
  )
  func `An image tells its version, or none`(_ image: String, _ version: String?) {
    #expect(DeploymentFacts("amesh", image: image, wanted: 1, available: 1).version == version)
  }
}
