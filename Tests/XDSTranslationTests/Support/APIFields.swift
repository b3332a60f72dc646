import Foundation

/// The fields that the API has today, of the messages that the translation looks at; `Tests/Translation/fields.py` writes
/// the list.
struct APIFields {
  enum Kind: Hashable {
    case number, fixed32, fixed64, text
    case message(String)
    indirect case map(Kind)
  }

  struct Field: Hashable {
    let number: Int
    let name: String
    let kind: Kind
  }

  private(set) var messages: [String: [Field]] = [:]

  init() throws {
    let file = Fixtures.directory.appending(path: "fields.txt")
    var message = ""
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      guard line.hasPrefix(" ") else {
        message = String(line)
        messages[message] = []
        continue
      }
      let words = line.split(separator: " ").map(String.init)
      let kind = Self.kind(words[words.count - 1])
      messages[message]?
        .append(Field(number: Int(words[0]) ?? 0, name: words[1], kind: words.count == 4 ? .map(kind) : kind))
    }
  }

  private static func kind(_ name: String) -> Kind {
    switch name {
    case "number": .number
    case "fixed32": .fixed32
    case "fixed64": .fixed64
    case "text": .text
    default: .message(name)
    }
  }

  /// A message within a resource.
  struct Place {
    let type: String
    /// Names of the fields that lead to it.
    let route: String
    /// Positions among the fields on that way.
    let path: [Int]
  }

  /// A message and all messages in it, whose types the list has.
  func places(in bytes: [UInt8], of type: String, route: String, path: [Int] = []) -> [Place] {
    guard let fields = messages[type], let message = WireMessage(bytes) else { return [] }
    var places = [Place(type: type, route: route, path: path)]
    for (position, field) in message.fields.enumerated() where field.kind == 2 {
      guard let known = fields.first(where: { $0.number == field.number }) else { continue }
      places += inner(field.content, known.kind, "\(route).\(known.name)", path + [position])
    }
    return places
  }

  private func inner(_ bytes: [UInt8], _ kind: Kind, _ route: String, _ path: [Int]) -> [Place] {
    switch kind {
    case .message("google.protobuf.Any"):
      guard let any = WireMessage(bytes), let value = any.fields.firstIndex(where: { $0.number == 2 }),
        let url = any.fields.first(where: { $0.number == 1 })
      else { return [] }
      let type = String(decoding: url.content, as: UTF8.self).split(separator: "/").last.map(String.init) ?? ""
      return places(in: any.fields[value].content, of: type, route: "\(route)<\(type)>", path: path + [value])
    case .message(let type): return places(in: bytes, of: type, route: route, path: path)
    case .map(let kind):
      guard let entry = WireMessage(bytes), let value = entry.fields.firstIndex(where: { $0.number == 2 }) else {
        return []
      }
      return inner(entry.fields[value].content, kind, route, path + [value])
    case .number, .fixed32, .fixed64, .text: return []
    }
  }
}

extension APIFields.Field {
  /// With contents of which one at least should make a difference.
  var examples: [WireMessage.Field] {
    switch kind {
    case .number: [1, 7, 3, 4_000_000_000, 0].map { example(0, Varint.bytes($0)) }
    case .fixed32: [example(5, [0, 0, 40, 66])]
    case .fixed64: [example(1, [0, 0, 0, 0, 0, 0, 69, 64])]
    case .text: ["x", "x.example"].map { example(2, Array($0.utf8)) }
    case .message, .map:
      [[], [8, 1], [8, 7], [8, 0], [8, 247, 3], [10, 1, 120], [18, 2, 8, 24]].map { example(2, $0) }
    }
  }

  private func example(_ kind: UInt8, _ content: [UInt8]) -> WireMessage.Field {
    WireMessage.Field(number: number, kind: kind, content: content)
  }
}
