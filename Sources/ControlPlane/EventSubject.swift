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
      let uid = owner.string(of: "uid") ?? ""
      // What comes from outside is not kept at any length.
      guard [version, kind, uid].allSatisfy({ $0.utf8.count <= 253 }) else { return nil }
      self.init(apiVersion: version, kind: kind, namespace: namespace, name: name, uid: uid)
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

  /// A Pod that the webhook has not let in: at its controller, which tries again and again and tells nobody, or, where a
  /// person or a program of one's own has created it, at its namespace.
  ///
  /// - Parameters:
  ///   - namespace: of the request.
  ///   - name: the Pod's, or the one that it was to be made from.
  package init?(refused pod: JSONView, namespace: String, name: String, message: String) {
    guard KubernetesName.isLabel(namespace) else { return nil }
    let place = EventSubject(apiVersion: "v1", kind: "Namespace", namespace: namespace, name: namespace)
    let subject = EventSubject(controllerOf: pod, namespace: namespace) ?? place
    self.init(subject, reason: "InjectionRefused", message: name.isEmpty ? message : "Pod \(name): \(message)")
  }
}
