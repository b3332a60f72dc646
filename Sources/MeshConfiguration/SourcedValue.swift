import KubernetesObjects
import KubernetesYAML

/// A tree of configured values that knows where each comes from, so that a file, the environment and flags can be laid
/// over each other and a problem still be placed.
struct SourcedValue: Sendable {
  enum Content: Sendable {
    /// A scalar of the file.
    case scalar(JSONValue)
    case list([SourcedValue])
    case map([Member])
    /// From the environment or a flag: text whose type the setting decides.
    case text(String)
  }

  struct Member: Sendable {
    var key: String
    var keyOrigin: ConfigurationOrigin
    var value: SourcedValue
  }

  var origin: ConfigurationOrigin
  var content: Content

  init(_ content: Content, origin: ConfigurationOrigin) {
    self.content = content
    self.origin = origin
  }

  init(_ document: YAMLDocument, file: String) {
    self.init(document.value, marks: document.marks, file: file)
  }

  private init(_ value: JSONValue, marks: SourceMarks, file: String) {
    origin = .file(file, marks.mark)
    switch value {
    case .array(let elements):
      content = .list(zip(elements, marks.children).map { SourcedValue($0, marks: $1, file: file) })
    case .object(let object):
      content = .map(
        zip(object, marks.children).map { member, child in
          Member(
            key: member.0,
            keyOrigin: .file(file, child.keyMark ?? child.mark),
            value: SourcedValue(member.1, marks: child, file: file)
          )
        }
      )
    default:
      content = .scalar(value)
    }
  }

  /// The plain value, without origins.
  var value: JSONValue {
    switch content {
    case .scalar(let value): value
    case .text(let text): .string(text)
    case .list(let elements): .array(elements.map(\.value))
    case .map(let members): .object(JSONObject(members.map { ($0.key, $0.value.value) }))
    }
  }

  var isNull: Bool {
    if case .scalar(.null) = content { true } else { false }
  }

  subscript(key: String) -> SourcedValue? {
    guard case .map(let members) = content else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The value at the path, or the nearest one above it.
  func nearest(_ path: some Collection<String>) -> SourcedValue {
    guard let key = path.first, let child = self[key] else { return self }
    return child.nearest(path.dropFirst())
  }

  /// Lays a value over what is at the path, making the maps that lead there.
  mutating func set(_ path: some Collection<String>, to value: SourcedValue) {
    guard let key = path.first else {
      self = value
      return
    }
    var members: [Member] = []
    if case .map(let existing) = content { members = existing }
    if let index = members.firstIndex(where: { $0.key == key }) {
      members[index].value.set(path.dropFirst(), to: value)
    } else {
      var child = SourcedValue(.map([]), origin: value.origin)
      child.set(path.dropFirst(), to: value)
      members.append(Member(key: key, keyOrigin: value.origin, value: child))
    }
    content = .map(members)
  }
}
