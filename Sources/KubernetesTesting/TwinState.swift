package import KubernetesAPI
import KubernetesObjects

/// The objects of an API server's twin and their history. A value.
struct TwinState: Sendable {
  struct Place: Hashable, Sendable {
    var resource: KubernetesResource
    var key: ObjectKey
  }

  /// One change: nil before is a creation, nil after a deletion.
  struct Change: Sendable {
    var version: Int
    var place: Place
    var before: JSONValue?
    var after: JSONValue?
  }

  /// What a list has not given yet.
  struct Page: Sendable {
    var version: Int
    var items: [JSONValue]
  }

  var version = 100
  var objects: [Place: JSONValue] = [:]
  var history: [Change] = []
  /// Changes up to here are forgotten.
  var compacted = 100
  var pages: [String: Page] = [:]
  /// Who set which field.
  var owners: [Place: [String: Set<FieldPaths.Path>]] = [:]
  var numbers = 0

  mutating func number() -> Int {
    numbers += 1
    return numbers
  }

  // MARK: Reading

  func object(_ place: Place) throws(APIError) -> JSONValue {
    guard let object = objects[place] else {
      throw .twin(404, "NotFound", "\(place.resource) \"\(place.key.name)\" not found")
    }
    return object
  }

  mutating func list(_ resource: KubernetesResource, _ query: ListQuery) throws(APIError) -> ListPage {
    var page: Page
    if let continuation = query.continuation {
      guard let rest = pages[continuation] else {
        throw .twin(410, "Expired", "The provided continue parameter is too old to display a consistent list result")
      }
      page = rest
    } else {
      let selected = objects.filter { $0.key.resource == resource && query.selection.matches($0.value) }
      let ordered = selected.sorted { "\($0.key.key)" < "\($1.key.key)" }
      page = Page(version: version, items: ordered.map(\.value))
    }
    let items = page.items.prefix(max(query.limit, 1))
    page.items.removeFirst(items.count)
    var continuation: String?
    if !page.items.isEmpty {
      let name = "page-\(number())"
      pages[name] = page
      continuation = name
    }
    var views: [JSONView] = []
    for item in items { views.append(try Self.document(item).root) }
    return ListPage(items: views, resourceVersion: "\(page.version)", continuation: continuation)
  }

  /// What has changed since.
  func changes(since text: String) throws(APIError) -> ArraySlice<Change> {
    guard let version = Int(text) else { throw .twin(400, "BadRequest", "invalid resourceVersion \"\(text)\"") }
    guard version >= compacted else {
      throw .twin(410, "Expired", "too old resource version: \(version) (\(compacted))")
    }
    return history.drop { $0.version <= version }
  }

  /// Forgets the past, and every list that is not over.
  mutating func compact() {
    compacted = version
    history = []
    pages = [:]
  }

  static func document(_ value: JSONValue) throws(APIError) -> JSONDocument {
    do {
      return try JSONDocument(parsing: value.serialized())
    } catch {
      throw .invalidAnswer("\(error)")
    }
  }

  // MARK: Writing

  /// Puts an object where it belongs, or takes it away (nil), as the next version.
  @discardableResult
  mutating func put(_ place: Place, _ object: JSONValue?) -> JSONValue? {
    version += 1
    var object = object
    if var metadata = object?["metadata"] {
      metadata["resourceVersion"] = .string("\(version)")
      object?["metadata"] = metadata
    }
    let before = objects[place]
    objects[place] = object
    if object == nil { owners[place] = nil }
    history.append(Change(version: version, place: place, before: before, after: object))
    return object
  }
}

extension APIError {
  /// What a server says no with.
  package static func twin(_ code: Int, _ reason: String, _ message: String, retryAfter: Duration? = nil) -> APIError {
    .refused(KubernetesError(code: code, reason: reason, message: message, retryAfter: retryAfter))
  }
}
