import CertificateAuthority
import CertificateTesting
import FoundationEssentials
import KubernetesAPI
import KubernetesObjects
import KubernetesTesting
import Logging
import ServiceLifecycle
import Testing

@testable import ControlPlane

struct NoticeTests {
  private static let owner = EventSubject(
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    namespace: "shop",
    name: "web-5d8",
    uid: "u1"
  )
  private static func notice(_ message: String = "no") -> Notice {
    Notice(owner, reason: "InjectionRefused", message: message)
  }

  @Test func `the same is counted up once a minute, and all together are rationed`() {
    var ledger = EventLedger()
    #expect(ledger.decide(Self.notice(), name: "a", at: .zero) == .create(name: "a"))
    for _ in 0..<9 { #expect(ledger.decide(Self.notice(), name: "b", at: .seconds(1)) == .drop) }
    #expect(ledger.decide(Self.notice(), name: "b", at: .seconds(61)) == .count(name: "a", 11))
    let made = (0..<1_000).count { number in
      ledger.decide(Self.notice("\(number)"), name: "x", at: .seconds(62)) != .drop
    }
    #expect(made == 24, "what was left of the ration")
    #expect(ledger.decide(Self.notice("later"), name: "y", at: .seconds(120)) == .create(name: "y"))
  }

  @Test func `a Pod's controller is told, and nobody where a person made the Pod`() throws {
    let pod = try JSONDocument(
      parsing: Array(
        """
        {"metadata":{"ownerReferences":[
          {"apiVersion":"v1","kind":"Node","name":"n","uid":"u0"},
          {"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-5d8","uid":"u1","controller":true}]}}
        """.utf8
      )
    ).root
    #expect(EventSubject(controllerOf: pod, namespace: "shop") == Self.owner)
    let bare = try JSONDocument(parsing: Array(#"{"metadata":{"name":"web"}}"#.utf8)).root
    #expect(EventSubject(controllerOf: bare, namespace: "shop") == nil)
  }

  @Test func `a refused Pod is told to its controller, else to its namespace`() throws {
    let owned = try JSONDocument(
      parsing: Array(
        """
        {"metadata":{"ownerReferences":[
          {"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-5d8","uid":"u1","controller":true}]}}
        """.utf8
      )
    ).root
    let notice = Notice(refused: owned, namespace: "shop", name: "web-5d8-*", message: "rename it")
    #expect(notice?.subject == Self.owner)
    #expect(notice?.reason == "InjectionRefused")
    #expect(notice?.message == "Pod web-5d8-*: rename it")
    let bare = try JSONDocument(parsing: Array(#"{"metadata":{"name":"web"}}"#.utf8)).root
    let place = EventSubject(apiVersion: "v1", kind: "Namespace", namespace: "shop", name: "shop")
    #expect(Notice(refused: bare, namespace: "shop", name: "web", message: "no")?.subject == place)
    #expect(Notice(refused: bare, namespace: "../shop", name: "web", message: "no") == nil, "it is from outside")
    let long = String(repeating: "x", count: 300)
    let odd = try JSONDocument(
      parsing: Array(
        """
        {"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"\(long)","name":"web","controller":true}]}}
        """.utf8
      )
    ).root
    #expect(Notice(refused: odd, namespace: "shop", name: "", message: "no")?.subject == place, "nothing long is kept")
  }

  private static func record(
    _ client: any KubernetesClient,
    _ namespace: String,
    about place: EventSubject? = nil
  ) async throws -> [JSONValue] {
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let recorder = EventRecorder(client: client, reporter: "replica-1", logger: logger)
    var subject = place ?? owner
    subject.namespace = namespace
    let notice = Notice(subject, reason: "InjectionRefused", message: "the Pod has a container named amesh-proxy")
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try? await recorder.run() }
      defer { group.cancelAll() }
      for _ in 0..<5 { recorder.post(notice) }
      let selection = ObjectSelection(namespace: namespace)
      while true {
        let events = try await client.listAll(.events, ListQuery(selection)).map(\.value)
        if !events.isEmpty { return events }
        await Task.yield()
      }
    }
  }

  private static func check(_ events: [JSONValue], _ namespace: String) {
    #expect(events.count == 1)
    let event = events.first
    #expect(event?["involvedObject"]?["name"] == "web-5d8")
    #expect(event?["type"] == "Warning")
    #expect(event?["metadata"]?["namespace"]?.string == namespace)
  }

  @Test(.timeLimit(.minutes(1))) func `an Event is written where its object is`() async throws {
    let server = InMemoryAPIServer()
    try await server.create(.namespaces, ["metadata": ["name": "shop"]])
    Self.check(try await Self.record(server, "shop"), "shop")
  }

  @Test(.timeLimit(.minutes(1)), .enabled(if: RealServer.isThere))
  func `a real API server takes the Event`() async throws {
    try await RealServer.run { client, names in
      Self.check(try await Self.record(client, names.namespace), names.namespace)
    }
  }

  @Test(.timeLimit(.minutes(1)), .enabled(if: RealServer.isThere))
  func `a real API server takes one about a namespace, in it`() async throws {
    try await RealServer.run { client, names in
      let name = names.namespace
      let place = EventSubject(apiVersion: "v1", kind: "Namespace", namespace: name, name: name)
      let events = try await Self.record(client, name, about: place)
      #expect(events.map { $0["involvedObject"]?["kind"] } == ["Namespace"])
      #expect(events.first?["metadata"]?["namespace"]?.string == name)
    }
  }

  @Test func `a root near its end and a rotation that is stuck are warned of`() throws {
    let contract = try CustodyContract()
    let policy = RotationPolicy()
    #expect(AuthorityWarnings.of(contract.first, holds: [], policy, now: contract.now).isEmpty)
    let late = try #require(contract.first.signer).certificate.notAfter.addingTimeInterval(-86_400)
    #expect(AuthorityWarnings.of(contract.first, holds: [], policy, now: late).map(\.reason) == ["RootExpires"])
    let next = try contract.prepared(contract.first)
    let id = try #require(next.successor?.id)
    let hold = RotationHold.spread(id, holds: [.subscribers(replica: "a", count: 1)], until: nil)
    #expect(AuthorityWarnings.of(next, holds: [hold], policy, now: contract.now).isEmpty)
    let stuck = contract.now.addingTimeInterval(20 * 86_400)
    #expect(AuthorityWarnings.of(next, holds: [hold], policy, now: stuck).map(\.reason) == ["RotationStuck"])
    // A ConfigMap that can't be written is told of sooner, by its namespace.
    let behind = RotationHold.spread(id, holds: [.configMaps(without: ["shop"])], until: nil)
    #expect(AuthorityWarnings.of(next, holds: [behind], policy, now: contract.now).isEmpty)
    let soon = contract.now.addingTimeInterval(2 * policy.settling)
    let told = AuthorityWarnings.of(next, holds: [behind], policy, now: soon)
    #expect(told.map(\.reason) == ["RotationStuck"] && told.first?.message.contains("shop") == true)
  }
}
