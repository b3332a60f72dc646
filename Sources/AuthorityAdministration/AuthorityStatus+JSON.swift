import CertificateAuthority
package import KubernetesObjects

extension AuthorityStatus {
  package var json: JSONValue {
    var object: JSONObject = [:]
    object.set("time", time)
    object["trustDomain"] = .string(trustDomain)
    object["custody"] = .string(custody)
    object["generation"] = .number(JSONNumber(generation))
    object["rotation"] = .string(rotation.rawValue)
    object.set("replica", replica)
    if let isReady { object["ready"] = .bool(isReady) }
    object.set("issuerEnds", issuerEnds)
    object["roots"] = .array(roots.map(\.json))
    object["intermediates"] = .array(intermediates.map(\.json))
    object["waitsFor"] = .array(
      holds.map { hold in
        var object: JSONObject = ["reason": .string(hold.text)]
        object.set("until", hold.until)
        return .object(object)
      }
    )
    object["next"] = .string(next)
    return .object(object)
  }

  package init(parsing bytes: [UInt8]) throws(AdministrationError) {
    try self.init(try Members(parsing: bytes, "the answer"))
  }

  init(_ members: Members) throws(AdministrationError) {
    let name = try members.string("rotation")
    guard let rotation = Rotation(rawValue: name) else { throw members.wrong("rotation", "is not known: \(name)") }
    var (roots, intermediates, holds): ([Root], [Intermediate], [Hold]) = ([], [], [])
    for value in try members.array("roots") { roots.append(try Root(value)) }
    for value in try members.array("intermediates") { intermediates.append(try Intermediate(value)) }
    for value in try members.array("waitsFor") {
      let hold = try Members(value, "waitsFor")
      holds.append(Hold(text: try hold.string("reason"), until: try hold.optionalTime("until")))
    }
    self.init(
      time: try members.time("time"),
      trustDomain: try members.string("trustDomain"),
      custody: try members.string("custody"),
      generation: try members.integer("generation"),
      rotation: rotation,
      replica: try members.optionalString("replica"),
      isReady: try members.optionalFlag("ready"),
      issuerEnds: try members.optionalTime("issuerEnds"),
      roots: roots,
      intermediates: intermediates,
      holds: holds,
      next: try members.string("next")
    )
  }
}

extension AuthorityStatus.Root {
  var json: JSONValue {
    var object: JSONObject = [
      "id": .string(id), "phase": .string(phase.rawValue), "sha256": .string(fingerprint),
    ]
    object.set("notBefore", notBefore)
    object.set("notAfter", notAfter)
    object.set("prepared", prepared)
    object.set("activated", activated)
    object.set("superseded", superseded)
    object.set("retired", retired)
    return .object(object)
  }

  init(_ value: JSONValue) throws(AdministrationError) {
    let members = try Members(value, "a root of the answer")
    let name = try members.string("phase")
    guard let phase = AuthorityRoot.Phase(rawValue: name) else { throw members.wrong("phase", "is not known: \(name)") }
    self.init(
      id: try members.string("id"),
      phase: phase,
      fingerprint: try members.string("sha256"),
      notBefore: try members.time("notBefore"),
      notAfter: try members.time("notAfter"),
      prepared: try members.time("prepared"),
      activated: try members.optionalTime("activated"),
      superseded: try members.optionalTime("superseded"),
      retired: try members.optionalTime("retired")
    )
  }
}

extension AuthorityStatus.Intermediate {
  var json: JSONValue {
    var object: JSONObject = ["id": .string(id), "root": .string(root), "replica": .string(replica)]
    object.set("recorded", recorded)
    object.set("notAfter", notAfter)
    object.set("dropped", dropped)
    return .object(object)
  }

  init(_ value: JSONValue) throws(AdministrationError) {
    let members = try Members(value, "an intermediate of the answer")
    self.init(
      id: try members.string("id"),
      root: try members.string("root"),
      replica: try members.string("replica"),
      recorded: try members.time("recorded"),
      notAfter: try members.time("notAfter"),
      dropped: try members.optionalTime("dropped")
    )
  }
}
