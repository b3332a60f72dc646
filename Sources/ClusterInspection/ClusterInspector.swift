package import ClusterDiagnosis
package import FoundationEssentials
import Injection
package import KubernetesAPI
import KubernetesObjects

/// Reads of a cluster what a diagnosis goes by, and writes nothing.
package struct ClusterInspector: Sendable {
  /// Questions about permissions at once.
  private static let width = 8

  private let client: any KubernetesClient
  private let subject: DiagnosisSubject
  private let version: String
  private let now: @Sendable () -> Date
  private let probe: @Sendable (WebhookEndpoint) async -> WebhookProbe

  /// - Parameters:
  ///   - version: of this program.
  ///   - probe: looks at the certificate that a webhook shows.
  package init(
    client: any KubernetesClient,
    subject: DiagnosisSubject,
    version: String,
    now: @escaping @Sendable () -> Date = { Date() },
    probe: @escaping @Sendable (WebhookEndpoint) async -> WebhookProbe
  ) {
    self.client = client
    self.subject = subject
    self.version = version
    self.now = now
    self.probe = probe
  }

  /// Everything, as of about now. What can't be read is unknown, with the reason.
  package func snapshot() async -> ClusterSnapshot {
    var snapshot = ClusterSnapshot(subject, now: now())
    snapshot.server = await learn { () throws(APIError) in try await serverVersion() }
    guard case .known = snapshot.server else { return snapshot }
    snapshot.namespaces = await all(.namespaces) { NamespaceFacts($0) }
    let home = ObjectSelection(
      namespace: subject.namespace,
      labels: "amesh.apisix.apache.org/control-plane-rev=\(subject.revision)"
    )
    let deployments = await all(.deployments, home) { $0 }
    snapshot.deployments = deployments.map { $0.compactMap { DeploymentFacts($0) } }
    snapshot.controlPlanePods = await all(.pods, home) { ControlPlanePodFacts($0) }
    snapshot.services = await all(.services, ObjectSelection(namespace: subject.namespace)) {
      $0["metadata"]?.string(of: "name")
    }.map { Set($0) }
    snapshot.webhooks = await all(.mutatingWebhookConfigurations) { WebhookConfigurationFacts($0) }
    snapshot.probes = await probes(snapshot.webhooks.value ?? [])
    snapshot.authority = await one(.secrets, "amesh-ca") { AuthorityFacts(secret: $0) }
    snapshot.bundles = await all(.configMaps, ObjectSelection(fields: "metadata.name=amesh-root")) { object in
      object["metadata"]?.string(of: "namespace").map { ($0, object["data"]?.string(of: "root-cert.pem") ?? "") }
    }.map { Dictionary($0) { first, _ in first } }
    snapshot.lease = await one(.leases, "amesh-leader") { LeaseFacts($0) }
    snapshot.permissions = await permissions(snapshot)
    let mesh = await ControlPlaneConfiguration(client, subject, version).read(deployments)
    snapshot.configHash = mesh.map(\.hash)
    snapshot.hasNames = mesh.map(\.hasNames)
    let neverInject = mesh.value?.neverInject ?? []
    snapshot.pods = await all(.pods) { PodFacts($0, neverInject: neverInject) }
    snapshot.now = now()
    return snapshot
  }

  private func serverVersion() async throws(APIError) -> String {
    let bytes = try await client.read("/version")
    guard let answer = try? JSONDocument(parsing: bytes).root, let version = answer.string(of: "gitVersion") else {
      throw .invalidAnswer("/version does not tell a gitVersion; is this the address of an API server?")
    }
    return version
  }

  private func probes(_ configurations: [WebhookConfigurationFacts]) async -> [WebhookEndpoint: WebhookProbe] {
    let ours = configurations.filter { $0.revision == subject.revision }.flatMap(\.webhooks)
    var probes: [WebhookEndpoint: WebhookProbe] = [:]
    for endpoint in Set(ours.compactMap(\.endpoint)) { probes[endpoint] = await probe(endpoint) }
    return probes
  }

  // MARK: What the control plane may do

  private func permissions(_ snapshot: ClusterSnapshot) async -> Learned<[Permission: Bool]> {
    let account = snapshot.deployments.value?.first?.serviceAccount ?? "amesh"
    let configurations = snapshot.webhooks.value?.filter { $0.revision == subject.revision }.map(\.name) ?? []
    let needed = Permission.needed(by: subject, configurations: configurations)
    return await learn { () throws(APIError) in
      var answers: [Permission: Bool] = [:]
      for start in stride(from: 0, to: needed.count, by: Self.width) {
        let batch = needed[start..<min(start + Self.width, needed.count)]
        for (permission, answer) in await ask(batch, account) { answers[permission] = try answer.get() }
      }
      return answers
    }
  }

  private func ask(
    _ batch: ArraySlice<Permission>,
    _ account: String
  ) async -> [(Permission, Result<Bool, APIError>)] {
    await withTaskGroup(of: (Permission, Result<Bool, APIError>).self) { group in
      for permission in batch { group.addTask { (permission, await self.isAllowed(permission, account)) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }

  private func isAllowed(_ permission: Permission, _ account: String) async -> Result<Bool, APIError> {
    let parts = permission.resource.split(separator: "/", maxSplits: 1).map(String.init)
    let request = AccessRequest(
      permission.verb,
      KubernetesResource(group: permission.group, plural: parts.first ?? "", kind: ""),
      subresource: parts.count > 1 ? parts.last : nil,
      namespace: permission.namespace,
      name: permission.name
    )
    let groups = ["system:serviceaccounts", "system:serviceaccounts:\(subject.namespace)", "system:authenticated"]
    let user = "system:serviceaccount:\(subject.namespace):\(account)"
    do throws(APIError) {
      return .success(try await client.isAllowed(request, user: user, groups: groups))
    } catch {
      return .failure(error)
    }
  }

  // MARK: Reading

  /// What is kept of all objects of a kind, page by page: the answers themselves are let go.
  private func all<Value: Sendable>(
    _ resource: KubernetesResource,
    _ selection: ObjectSelection = ObjectSelection(),
    _ transform: (JSONView) -> Value?
  ) async -> Learned<[Value]> {
    var query = ListQuery(selection)
    var values: [Value] = []
    var restarts = 0
    while true {
      do throws(APIError) {
        let page = try await client.list(resource, query)
        values += page.items.compactMap(transform)
        guard let next = page.continuation else { return .known(values) }
        query.continuation = next
      } catch {
        // The server has forgotten what it was listing.
        guard error.isExpired, restarts < 3 else { return .unknown("\(error)") }
        restarts += 1
        values = []
        query.continuation = nil
      }
    }
  }

  /// An object beside the control plane; nil where there is none, or none that can be read.
  private func one<Value: Sendable>(
    _ resource: KubernetesResource,
    _ name: String,
    _ transform: (JSONView) -> Value?
  ) async -> Learned<Value?> {
    await learn { () throws(APIError) in
      try await client.find(resource, ObjectKey(namespace: subject.namespace, name: name)).flatMap {
        transform($0.root)
      }
    }
  }

  private func learn<Value: Sendable>(_ body: () async throws(APIError) -> Value) async -> Learned<Value> {
    do throws(APIError) {
      return .known(try await body())
    } catch {
      return .unknown("\(error)")
    }
  }
}
