package import KubernetesObjects

/// What an Event is about.
package struct EventSubject: Sendable, Hashable {
  package var apiVersion: String
  package var kind: String
  package var namespace: String
  package var name: String
  /// Empty where it is not known; `kubectl describe` finds the Event by name then.
  package var uid: String

  package init(apiVersion: String, kind: String, namespace: String, name: String, uid: String = "") {
    self.apiVersion = apiVersion
    self.kind = kind
    self.namespace = namespace
    self.name = name
    self.uid = uid
  }

  /// Who made a Pod and will see it refused: its controller. Nil for a Pod that a person creates, who is told at once.
  ///
  /// - Parameter namespace: of the request, since the Pod may not say.
  package init?(controllerOf pod: JSONView, namespace: String) {
    guard let owners = pod["metadata"]?["ownerReferences"], owners.kind == .array else { return nil }
    for owner in owners.elements where owner["controller"]?.bool == true {
      guard let version = owner.string(of: "apiVersion"), let kind = owner.string(of: "kind"),
        let name = owner.string(of: "name"), KubernetesName.isSubdomain(name)
      else { return nil }
      self.init(
        apiVersion: version,
        kind: kind,
        namespace: namespace,
        name: name,
        uid: owner.string(of: "uid") ?? ""
      )
      return
    }
    return nil
  }
}

/// Something that a person should see at an object.
package struct Notice: Sendable, Hashable {
  package static let longestMessage = 1024

  package var subject: EventSubject
  /// In one word: `InjectionRefused`.
  package var reason: String
  package var message: String

  package init(_ subject: EventSubject, reason: String, message: String) {
    self.subject = subject
    self.reason = reason
    self.message = String(message.prefix(Self.longestMessage))
  }
}
