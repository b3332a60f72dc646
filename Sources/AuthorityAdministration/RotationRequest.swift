package import CertificateAuthority
package import KubernetesObjects

/// A step of rotation that the operator asks for.
package struct RotationRequest: Sendable, Hashable {
  package enum Step: String, Sendable, CaseIterable {
    case prepare
    case activate
    case retire
    /// One whole rotation: the next root is prepared now, and the server takes the other steps when they are safe.
    case auto
  }

  package var step: Step
  /// The root to activate or to retire; nil for the only one that it can mean.
  package var root: AuthorityID?
  /// Before it is safe.
  package var isForced: Bool

  package init(_ step: Step, root: AuthorityID? = nil, isForced: Bool = false) {
    self.step = step
    self.root = root
    self.isForced = isForced
  }

  package init(parsing bytes: [UInt8]) throws(AdministrationError) {
    let members = try Members(parsing: bytes, "the request", knowing: ["step", "root", "force"])
    let name = try members.string("step")
    guard let step = Step(rawValue: name) else {
      let steps = Step.allCases.map(\.rawValue).joined(separator: ", ")
      throw members.wrong("step", "is \(name.prefix(32)), not one of \(steps)")
    }
    var root: AuthorityID?
    if let text = try members.optionalString("root") {
      root = AuthorityID(text)
      if root == nil { throw members.wrong("root", "is no ID of a root; amesh ca status shows them") }
    }
    self.init(step, root: root, isForced: try members.optionalFlag("force") ?? false)
  }

  package var json: JSONValue {
    var object: JSONObject = ["step": .string(step.rawValue), "force": .bool(isForced)]
    object.set("root", root?.rawValue)
    return .object(object)
  }

  /// What is to be done about a state; nil when nothing is left to a command.
  func command(
    _ state: AuthorityState,
    isAutomatic: Bool
  ) throws(AdministrationError) -> RotationCommand? {
    switch step {
    case .prepare: return .prepare
    case .activate: return .activate(root)
    case .retire:
      if let root { return .retire(root) }
      let candidates = state.roots.filter { $0.phase == .superseded }
      if candidates.count == 1, let only = candidates.first { return .retire(only.id) }
      throw AdministrationError(
        .refused,
        candidates.isEmpty
          ? "no root waits to be retired; name a prepared one to give it up"
          : "several roots wait to be retired; name one: \(candidates.map(\.id.rawValue).joined(separator: ", "))"
      )
    case .auto:
      guard isAutomatic else {
        throw AdministrationError(
          .refused,
          "rotation is left to commands here, so nobody would take the steps after the first: set identity.root.rotation "
            + "to automatic, or run prepare, activate and retire one after the other"
        )
      }
      return state.successor == nil ? .prepare : nil
    }
  }
}
