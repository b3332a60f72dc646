/// Something that the control plane's ServiceAccount has to be allowed to do. A test holds this against the manifests.
package struct Permission: Sendable, Hashable {
  package var verb: String
  package var group: String
  /// Its plural name, with a subresource behind a slash.
  package var resource: String
  /// Nil: in all namespaces, or of a kind without.
  package var namespace: String?
  /// Nil: any object.
  package var name: String?

  package init(_ verb: String, _ group: String, _ resource: String, namespace: String? = nil, name: String? = nil) {
    self.verb = verb
    self.group = group
    self.resource = resource
    self.namespace = namespace
    self.name = name
  }

  /// - Parameter configurations: the revision's MutatingWebhookConfigurations.
  package static func needed(by subject: DiagnosisSubject, configurations: [String]) -> [Permission] {
    let home = subject.namespace
    func each(_ verbs: [String], _ group: String, _ resource: String, at namespace: String?, _ name: String? = nil)
      -> [Permission]
    {
      verbs.map { Permission($0, group, resource, namespace: namespace, name: name) }
    }
    let look = ["get", "list", "watch"]
    var needed = ["namespaces", "pods", "serviceaccounts", "services", "nodes"].flatMap { each(look, "", $0, at: nil) }
    needed += each(["create"], "authentication.k8s.io", "tokenreviews", at: nil)
    needed += each(["create", "patch"], "", "events", at: nil)
    for name in configurations {
      let resource = "mutatingwebhookconfigurations"
      needed += each(look + ["patch"], "admissionregistration.k8s.io", resource, at: nil, name)
    }
    needed += each(look + ["create", "patch"], "", "configmaps", at: nil, "amesh-root")
    let plugins = "apisix.apache.org"
    needed += each(["list", "watch"], plugins, "ameshpluginconfigs", at: nil)
    needed += each(["patch"], plugins, "ameshpluginconfigs/status", at: nil)
    let validators = "validatingwebhookconfigurations"
    needed += each(look + ["patch"], "admissionregistration.k8s.io", validators, at: nil, "amesh-plugin-validator")
    needed += each(look + ["update"], "", "secrets", at: home, "amesh-ca")
    needed += each(look, "", "secrets", at: home, "cacerts")
    needed += each(["create"], "", "secrets", at: home)
    needed += each(look + ["create", "patch"], "", "configmaps", at: home, "amesh-replicas")
    needed += each(look + ["create", "patch"], "", "configmaps", at: home, "amesh-plugin-reports")
    needed += each(["get", "update"], "coordination.k8s.io", "leases", at: home, "amesh-leader")
    needed += each(["create"], "coordination.k8s.io", "leases", at: home)
    return needed
  }
}

extension Permission: CustomStringConvertible {
  package var description: String {
    let kind = group.isEmpty ? resource : "\(resource).\(group)"
    return "\(verb) \(kind)\(name.map { "/\($0)" } ?? "")\(namespace.map { " in \($0)" } ?? "")"
  }
}
