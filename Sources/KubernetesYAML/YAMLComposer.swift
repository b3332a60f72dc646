import KubernetesObjects
import Yams

/// Turns the parser's nodes into JSON values with marks, and bounds what aliases can make of them.
struct YAMLComposer {
  private let limits: YAMLLimits
  /// Bytes that may still be built.
  private var budget: Int

  /// The parser resolves tags of keys behind our back; this name tells what it resolved from what was written.
  private static let untagged: Tag.Name = "tag:amesh.apisix.apache.org,2026:untagged"

  static func compose(_ text: String, limits: YAMLLimits) throws(YAMLError) -> [YAMLDocument] {
    // The parser is C and does not take a missing buffer.
    guard !text.isEmpty else { return [] }
    if let line = AliasedKeys.firstLine(in: text) {
      throw YAMLError("aliases in keys are not read; write the key out", at: SourceMark(line: line, column: 1))
    }
    var composer = YAMLComposer(limits: limits, budget: text.utf8.count + limits.expansion)
    var documents: [YAMLDocument] = []
    do {
      let resolver = try Resolver.basic.appending(untagged, "^")
      let parser = try Parser(yaml: text, resolver: resolver, encoding: .utf8)
      while let node = try parser.nextRoot() {
        let document = try composer.document(node)
        if document.value != .null { documents.append(document) }
      }
    } catch let error as YAMLError {
      throw error
    } catch {
      throw YAMLError(parserError: error)
    }
    return documents
  }

  private mutating func document(_ node: Node) throws(YAMLError) -> YAMLDocument {
    try convert(node, depth: 1)
  }

  private mutating func convert(_ node: Node, depth: Int) throws(YAMLError) -> YAMLDocument {
    let mark = node.mark.map { SourceMark(line: $0.line, column: $0.column) } ?? SourceMark(line: 1, column: 1)
    guard depth <= limits.depth else {
      throw YAMLError("nested deeper than \(limits.depth) levels", at: mark)
    }
    switch node {
    case .scalar(let scalar):
      try spend(scalar.string.utf8.count + 1, at: mark)
      return YAMLDocument(value: try value(of: scalar, at: mark), marks: SourceMarks(mark: mark))
    case .sequence(let sequence):
      try spend(1, at: mark)
      try check(sequence.tag, against: .seq, at: mark)
      var elements: [JSONValue] = []
      var marks = SourceMarks(mark: mark)
      for element in sequence {
        let element = try convert(element, depth: depth + 1)
        elements.append(element.value)
        marks.children.append(element.marks)
      }
      return YAMLDocument(value: .array(elements), marks: marks)
    case .mapping(let mapping):
      try spend(1, at: mark)
      try check(mapping.tag, against: .map, at: mark)
      return try convert(mapping, at: mark, depth: depth)
    case .alias:
      throw YAMLError("this alias has no anchor", at: mark)
    }
  }

  private mutating func convert(
    _ mapping: Node.Mapping,
    at mark: SourceMark,
    depth: Int
  ) throws(YAMLError) -> YAMLDocument {
    var object = JSONObject()
    var marks = SourceMarks(mark: mark)
    var merged: [YAMLDocument] = []
    for (keyNode, valueNode) in mapping {
      let keyMark = keyNode.mark.map { SourceMark(line: $0.line, column: $0.column) } ?? mark
      let value = try convert(valueNode, depth: depth + 1)
      guard let key = try key(keyNode, at: keyMark) else {
        merged += try mergeSources(value)
        continue
      }
      guard object[key] == nil else { throw YAMLError("the key \"\(key)\" is there more than once", at: keyMark) }
      var child = value.marks
      child.keyMark = keyMark
      object[key] = value.value
      marks.children.append(child)
    }
    // What is written out wins over what is merged in, an earlier source over a later one.
    for source in merged {
      guard case .object(let members) = source.value else { continue }
      for ((key, value), childMarks) in zip(members, source.marks.children) where object[key] == nil {
        object[key] = value
        marks.children.append(childMarks)
      }
    }
    return YAMLDocument(value: .object(object), marks: marks)
  }

  /// The name of a member; nil for the merge key `<<`.
  private mutating func key(_ node: Node, at mark: SourceMark) throws(YAMLError) -> String? {
    guard case .scalar(let scalar) = node else {
      throw YAMLError("a key has to be a string, not a list or mapping", at: mark)
    }
    try spend(scalar.string.utf8.count + 1, at: mark)
    if scalar.string == "<<", isUntagged(scalar.tag) { return nil }
    switch try value(of: scalar, at: mark) {
    case .string(let string): return string
    case .bool(let bool): return bool ? "true" : "false"
    case .number(let number): return number.spelling
    default: throw YAMLError("a key has to be a string, not null; quote it", at: mark)
    }
  }

  private func mergeSources(_ document: YAMLDocument) throws(YAMLError) -> [YAMLDocument] {
    switch document.value {
    case .object:
      return [document]
    case .array(let elements):
      var sources: [YAMLDocument] = []
      for (element, marks) in zip(elements, document.marks.children) {
        guard case .object = element else {
          throw YAMLError("what << merges has to be a mapping", at: marks.mark)
        }
        sources.append(YAMLDocument(value: element, marks: marks))
      }
      return sources
    default:
      throw YAMLError("what << merges has to be a mapping or a list of mappings", at: document.marks.mark)
    }
  }

  private func value(of scalar: Node.Scalar, at mark: SourceMark) throws(YAMLError) -> JSONValue {
    if isUntagged(scalar.tag) {
      guard scalar.style == .plain else { return .string(scalar.string) }
      guard let value = YAMLScalar.value(ofPlain: scalar.string) else {
        throw YAMLError("JSON has no number \(scalar.string); quote it if it is a string", at: mark)
      }
      return value
    }
    // The tag `!` says that the text is not to be looked at.
    if scalar.tag.rawValue == Tag.Name.nonSpecific.rawValue { return .string(scalar.string) }
    guard let tag = YAMLScalar.Tag(rawValue: scalar.tag.rawValue) else {
      throw YAMLError("the tag \(Self.short(scalar.tag)) is not read; remove it", at: mark)
    }
    guard let value = YAMLScalar.value(of: scalar.string, tag: tag) else {
      throw YAMLError("\"\(scalar.string)\" is not of the type of its tag \(Self.short(scalar.tag))", at: mark)
    }
    return value
  }

  private func check(_ tag: Tag, against expected: Tag.Name, at mark: SourceMark) throws(YAMLError) {
    guard isUntagged(tag) || tag.rawValue == expected.rawValue else {
      throw YAMLError("the tag \(Self.short(tag)) is not read; remove it", at: mark)
    }
  }

  private func isUntagged(_ tag: Tag) -> Bool {
    tag.rawValue.isEmpty || tag.rawValue == Self.untagged.rawValue
  }

  private static func short(_ tag: Tag) -> String {
    let prefix = "tag:yaml.org,2002:"
    return tag.rawValue.hasPrefix(prefix) ? "!!" + tag.rawValue.dropFirst(prefix.count) : tag.rawValue
  }

  private mutating func spend(_ bytes: Int, at mark: SourceMark) throws(YAMLError) {
    budget -= bytes
    guard budget >= 0 else {
      throw YAMLError("aliases add more than \(limits.expansion) bytes to the text; write it out", at: mark)
    }
  }
}

extension YAMLError {
  /// The parser's own words, without its copy of the text.
  fileprivate init(parserError error: any Error) {
    guard let error = error as? YamlError else {
      self.init("\(error)")
      return
    }
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      self.init(
        context.map { "\($0.text): \(problem)" } ?? problem,
        at: SourceMark(line: mark.line, column: mark.column)
      )
    case .duplicatedKeysInMapping(let duplicates, let context):
      self.init(
        "the key \"\(duplicates.first ?? "")\" is there more than once",
        at: SourceMark(line: context.mark.line, column: context.mark.column)
      )
    case .reader(let problem, _, _, _):
      self.init("\(problem): a character that YAML does not allow")
    default:
      self.init("\(error)")
    }
  }
}
