package import KubernetesObjects

/// One document of a YAML stream or JSON text, every scalar typed as `kubectl` types it.
///
/// Member order, unknown fields and the spelling of numbers stay. Comments, anchors and styles do not.
package struct YAMLDocument: Sendable {
  package var value: JSONValue
  package var marks: SourceMarks

  package init(value: JSONValue, marks: SourceMarks) {
    self.value = value
    self.marks = marks
  }
}

/// What a text may cost to read.
package struct YAMLLimits: Sendable {
  /// Bytes of the text.
  package var size = 16 << 20
  /// Levels of nesting.
  package var depth = 128
  /// Bytes that aliases may add to the text's own.
  package var expansion = 4 << 20

  package init() {}
}

extension YAMLDocument {
  /// Reads a stream of YAML documents, or of JSON values with nothing between them but white space.
  ///
  /// Documents without content are left out, as `kubectl` does.
  /// - Throws: ``YAMLError`` for the first thing that is wrong: syntax, duplicate keys, tags that JSON has no type for,
  ///   aliases that expand beyond the limit, too much nesting, too many bytes.
  package static func stream(_ text: [UInt8], limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> [YAMLDocument] {
    guard text.count <= limits.size else {
      throw YAMLError("the text has \(text.count) bytes; at most \(limits.size) are read")
    }
    guard let string = String(validating: text, as: UTF8.self) else {
      throw YAMLError("the text is not valid UTF-8; save it as UTF-8")
    }
    guard let slices = JSONStream.values(in: text) else {
      return try YAMLComposer.compose(string, limits: limits)
    }
    do {
      return try JSONStream.documents(slices, of: text, depth: limits.depth)
    } catch let jsonError {
      // A flow mapping such as `{a: b}` looks like JSON at first sight.
      do {
        return try YAMLComposer.compose(string, limits: limits)
      } catch {
        throw jsonError
      }
    }
  }
}
