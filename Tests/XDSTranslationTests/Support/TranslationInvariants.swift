import KubernetesObjects
import MeshResources
import SwiftProtobuf
import XDSProtocol
import XDSTranslation

/// What holds of the translation whatever a control plane sends: what can be read becomes objects that APISIX takes, that
/// refer to nothing that is not there, and that are the same as from scratch. Shared with the fuzzer.
struct TranslationInvariants {
  struct Violation: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
  }

  private struct Name: Hashable {
    let type: MeshResourceType
    let name: String
  }

  private let schemas: APISIXSchemas
  private let reader = MeshResourceReader()
  private var translator = Translator()
  private var world: [Name: MeshResource] = [:]
  private var dictionary: [APISIXObject.Key: JSONValue] = [:]

  init(schemas: APISIXSchemas) { self.schemas = schemas }

  /// - Returns: whether it could be read.
  mutating func take(_ resource: Google_Protobuf_Any) throws -> Bool {
    guard let type = MeshResourceType(rawValue: resource.typeURL) else { return false }
    let reading: (name: String, content: MeshResource)
    do {
      let read = try reader.read(resource)
      reading = (read.name, read.content)
    } catch {
      try require(!error.reason.isEmpty, "refused for no reason")
      return false
    }
    world[Name(type: type, name: reading.name)] = reading.content
    var changes = ResourceChanges()
    changes.add(reading.content)
    try apply(changes)
    return true
  }

  mutating func remove(_ name: String, of type: MeshResourceType) throws {
    guard world.removeValue(forKey: Name(type: type, name: name)) != nil else { return }
    var changes = ResourceChanges()
    switch type {
    case .listener: changes.listeners.removed = [name]
    case .routes: changes.routes.removed = [name]
    case .cluster: changes.clusters.removed = [name]
    case .endpoints: changes.endpoints.removed = [name]
    }
    try apply(changes)
  }

  private mutating func apply(_ changes: ResourceChanges) throws {
    let result = translator.apply(changes)
    for key in result.removed {
      try require(dictionary.removeValue(forKey: key) != nil, "\(key.path) is removed, but was not there")
    }
    for object in result.set {
      let before = dictionary.updateValue(object.value, forKey: object.key)
      try require(before != object.value, "\(object.key.path) is set, but has not changed")
      try require(object.value["id"]?.string == object.key.id, "\(object.key.path) has another id")
      let problems = schemas.problems(object)
      try require(problems.isEmpty, problems.joined(separator: "\n"))
      try require(try JSONValue(parsing: object.value.serialized()) == object.value, "\(object.key.path) is no JSON")
    }
  }

  /// At the end, or now and then: it costs more.
  func checkWhole() throws {
    var changes = ResourceChanges()
    for resource in world.values { changes.add(resource) }
    var scratch = Translator()
    _ = scratch.apply(changes)
    let expected = Dictionary(uniqueKeysWithValues: scratch.objects.map { ($0.key, $0.value) })
    let wrong = Set(expected.keys).union(dictionary.keys).filter { expected[$0] != dictionary[$0] }
    try require(wrong.isEmpty, "from scratch others: \(wrong.map(\.path))")
    try require(translator.findings == scratch.findings, "from scratch other findings")
    try require(translator.wantedAssignments == scratch.wantedAssignments, "from scratch other endpoints are wanted")
    let known = dictionary[APISIXObject.Key(kind: .pluginMetadata, id: "amesh-upstream")]?["authorities"]?.object ?? [:]
    let wanted = dictionary.values.compactMap { $0["labels"]?["amesh-authorities"]?.string }
    try require(Set(known.map(\.key)) == Set(wanted), "other authorities are there than those that are referred to")
    for (key, value) in dictionary {
      for reference in Self.references(of: value) {
        try require(dictionary[reference] != nil, "\(key.path) refers to \(reference.path), which is not there")
      }
    }
  }

  static func references(of object: JSONValue) -> [APISIXObject.Key] {
    var references: [APISIXObject.Key] = []
    if let id = object["upstream_id"]?.string { references.append(.init(kind: .upstreams, id: id)) }
    if let id = object["service_id"]?.string { references.append(.init(kind: .services, id: id)) }
    for rule in object["plugins"]?["traffic-split"]?["rules"]?.array ?? [] {
      for upstream in rule["weighted_upstreams"]?.array ?? [] {
        references.append(.init(kind: .upstreams, id: upstream["upstream_id"]?.string ?? ""))
      }
    }
    return references
  }

  private func require(_ holds: Bool, _ problem: @autoclosure () -> String) throws {
    guard holds else { throw Violation(problem()) }
  }
}
