package import CertificateAuthority
import FoundationEssentials
package import KubernetesObjects

/// A MutatingWebhookConfiguration.
package struct WebhookConfigurationFacts: Sendable, Equatable {
  static let revisionLabel = "amesh.apisix.apache.org/control-plane-rev"

  package var name: String
  /// Of the control plane that it belongs to; nil for one of others.
  package var revision: String?
  package var webhooks: [WebhookFacts]

  package init(name: String, revision: String? = nil, webhooks: [WebhookFacts]) {
    self.name = name
    self.revision = revision
    self.webhooks = webhooks
  }

  package init?(_ object: JSONView) {
    guard let facts = ObjectFacts(object) else { return nil }
    let revision = facts.labels[Self.revisionLabel]
    let webhooks = object.parts("webhooks").compactMap { WebhookFacts($0) }
    self.init(name: facts.name, revision: revision, webhooks: webhooks)
  }
}

/// Where the API server calls a webhook.
package struct WebhookEndpoint: Sendable, Hashable {
  package var host: String
  package var port: Int
  /// Whether it is a Service, which only the cluster's network knows.
  package var isService: Bool

  package init(host: String, port: Int, isService: Bool) {
    self.host = host
    self.port = port
    self.isService = isService
  }
}

/// What such a place shows.
package enum WebhookProbe: Sendable, Hashable {
  /// Its serving certificate's chain, the leaf first.
  case chain([MeshCertificate])
  case silent(String)
  /// It can't be reached from here, so nobody tried.
  case outOfReach
}

/// One webhook, with what the API server fills in where nothing is said.
package struct WebhookFacts: Sendable, Equatable {
  package var name: String
  /// Nil where neither a URL nor a Service can be made out.
  package var endpoint: WebhookEndpoint?
  /// The Service's namespace and name.
  package var service: String?
  package var path: String
  /// PEM; empty where there is none.
  package var bundle: String
  package var namespaceSelector: LabelSelector
  package var objectSelector: LabelSelector
  package var failurePolicy: String
  package var sideEffects: String
  package var timeout: Int
  package var reinvocation: String
  package var matchPolicy: String
  package var versions: [String]
  package var rules: [Rule]

  package struct Rule: Sendable, Hashable {
    package var operations: [String]
    package var groups: [String]
    package var versions: [String]
    package var resources: [String]
    package var scope: String

    /// New Pods and nothing else, as the manifests have it.
    static let newPods = Rule(
      operations: ["CREATE"],
      groups: [""],
      versions: ["v1"],
      resources: ["pods"],
      scope: "Namespaced"
    )

    var coversNewPods: Bool {
      let isOfCreation = operations.contains("CREATE") || operations.contains("*")
      let isOfPods = resources.contains("pods") || resources.contains("*") || resources.contains("*/*")
      let isOfGroup =
        (groups.contains("") || groups.contains("*")) && (versions.contains("v1") || versions.contains("*"))
      return isOfCreation && isOfPods && isOfGroup && scope != "Cluster"
    }
  }

  package init?(_ webhook: JSONView) {
    guard let name = webhook.string(of: "name") else { return nil }
    self.name = name
    let client = webhook["clientConfig"]
    path = ""
    if let url = client?.string(of: "url").flatMap({ URL(string: $0) }), let host = url.host() {
      endpoint = WebhookEndpoint(host: host, port: url.port ?? 443, isService: false)
      path = url.path()
    } else if let service = client?["service"], let name = service.string(of: "name"),
      let namespace = service.string(of: "namespace")
    {
      let port = service.integer(of: "port") ?? 443
      endpoint = WebhookEndpoint(host: "\(name).\(namespace).svc", port: port, isService: true)
      self.service = "\(namespace)/\(name)"
      path = service.string(of: "path") ?? ""
    }
    let data = client?.string(of: "caBundle").flatMap { Data(base64Encoded: $0) } ?? Data()
    bundle = String(decoding: data, as: UTF8.self)
    // The API server has checked them; one that can't be read here matches everything, as the widest does.
    namespaceSelector = webhook["namespaceSelector"].flatMap { try? LabelSelector($0.value) } ?? LabelSelector()
    objectSelector = webhook["objectSelector"].flatMap { try? LabelSelector($0.value) } ?? LabelSelector()
    failurePolicy = webhook.string(of: "failurePolicy") ?? "Fail"
    sideEffects = webhook.string(of: "sideEffects") ?? "Unknown"
    timeout = webhook.integer(of: "timeoutSeconds") ?? 10
    reinvocation = webhook.string(of: "reinvocationPolicy") ?? "Never"
    matchPolicy = webhook.string(of: "matchPolicy") ?? "Equivalent"
    versions = webhook.list("admissionReviewVersions")
    rules = webhook.parts("rules").map { rule in
      Rule(
        operations: rule.list("operations"),
        groups: rule.list("apiGroups"),
        versions: rule.list("apiVersions"),
        resources: rule.list("resources"),
        scope: rule.string(of: "scope") ?? "*"
      )
    }
  }

  /// Whether the API server asks it about a Pod.
  func matches(namespace: [String: String], pod: [String: String]) -> Bool {
    rules.contains(where: \.coversNewPods) && namespaceSelector.matches { namespace[$0] }
      && objectSelector.matches { pod[$0] }
  }
}
