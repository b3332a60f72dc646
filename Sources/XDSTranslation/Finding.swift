/// Something of the configuration that APISIX does not do as Envoy would.
package struct Finding: Sendable, Hashable, Comparable {
  package let feature: Feature
  /// What it means, for an operator.
  package let message: String
  /// Where it was found, such as `route catalog.mesh.example:80/canary of 80`; sorted, at most ``maximumResources``.
  package let resources: [String]
  /// In how many places.
  package let count: Int

  package static let maximumResources = 8

  package static func < (one: Finding, other: Finding) -> Bool {
    (one.feature.rawValue, one.message) < (other.feature.rawValue, other.message)
  }
}

/// A finding at one place.
struct Note: Sendable, Hashable {
  let feature: Feature
  let message: String
  let resource: String
}

/// What is noted while one resource is translated.
struct Notes: Sendable {
  let resource: String
  private(set) var notes: Set<Note> = []

  init(_ resource: String) { self.resource = resource }

  mutating func add(_ feature: Feature, _ detail: String = "") {
    let message = detail.isEmpty ? feature.message : "\(feature.message) (\(detail))"
    notes.insert(Note(feature: feature, message: message, resource: resource))
  }

  mutating func formUnion(_ others: some Sequence<Note>) { notes.formUnion(others) }
}

private struct Subject: Hashable {
  let feature: Feature
  let message: String
}

extension Finding {
  /// Notes of many places as findings, sorted.
  static func gathered(_ notes: some Sequence<Note>) -> [Finding] {
    var resources: [Subject: [String]] = [:]
    for note in notes {
      resources[Subject(feature: note.feature, message: note.message), default: []].append(note.resource)
    }
    return resources.map { subject, resources in
      Finding(
        feature: subject.feature,
        message: subject.message,
        resources: Array(Set(resources).sorted().prefix(maximumResources)),
        count: resources.count
      )
    }
    .sorted()
  }
}
