import CertificateAuthority
package import KubernetesObjects

/// What a step of rotation has come to.
package struct RotationReport: Sendable, Hashable {
  /// What was done, a sentence each; empty when everything was done before.
  package var done: [String]
  /// Why what follows by itself could not be done at once; it is tried again.
  package var problem: String?
  package var status: AuthorityStatus

  package init(done: [String], problem: String?, status: AuthorityStatus) {
    self.done = done
    self.problem = problem
    self.status = status
  }

  package init(parsing bytes: [UInt8]) throws(AdministrationError) {
    let members = try Members(parsing: bytes, "the answer")
    self.init(
      done: try members.strings("done"),
      problem: try members.optionalString("problem"),
      status: try AuthorityStatus(try Members(try members.value("status"), "the status"))
    )
  }

  package var json: JSONValue {
    var object: JSONObject = ["done": .array(done.map { .string($0) })]
    object.set("problem", problem)
    object["status"] = status.json
    return .object(object)
  }

  /// What has become of each root between two states.
  static func changes(from old: AuthorityState?, to new: AuthorityState) -> [String] {
    new.roots.compactMap { root in
      let before = old?.root(root.id)?.phase
      guard before != root.phase else { return nil }
      return switch root.phase {
      case .prepared: "root \(root.id) is prepared: everyone is told to trust it, and it signs nothing yet"
      case .active: "root \(root.id) is active: it signs from now on"
      case .superseded: "root \(root.id) is superseded: it signs no more, and is still trusted"
      case .retired: "root \(root.id) is retired: nobody is to trust it any more, and its key is deleted"
      }
    }
  }
}
