import KubernetesObjects

/// JSON values one after the other, as `jq` and `kubectl get -o json` write them.
enum JSONStream {
  /// The ranges of the objects and arrays that a text consists of; nil if it holds anything else between them.
  ///
  /// Only brackets and strings are looked at: whether a range is JSON is for its parser to say.
  static func values(in text: [UInt8]) -> [Range<Int>]? {
    var ranges: [Range<Int>] = []
    var depth = 0
    var start = 0
    var inString = false
    var escaped = false
    for (offset, byte) in text.enumerated() {
      if inString {
        if escaped {
          escaped = false
        } else if byte == UInt8(ascii: "\\") {
          escaped = true
        } else if byte == UInt8(ascii: "\"") {
          inString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        if depth == 0 { start = offset }
        depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard depth > 0 else { return nil }
        depth -= 1
        if depth == 0 { ranges.append(start..<offset + 1) }
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
        break
      default:
        guard depth > 0 else { return nil }
        inString = byte == UInt8(ascii: "\"")
      }
    }
    if depth > 0 { ranges.append(start..<text.count) }
    return ranges.isEmpty ? nil : ranges
  }

  static func documents(_ ranges: [Range<Int>], of text: [UInt8], depth: Int) throws(YAMLError) -> [YAMLDocument] {
    let lines = LineTable(text)
    var documents: [YAMLDocument] = []
    for range in ranges {
      let document: JSONDocument
      do {
        document = try JSONDocument(parsing: Array(text[range]), maximumDepth: depth)
      } catch {
        throw YAMLError("\(error.kind)", at: lines.mark(at: range.lowerBound + error.offset))
      }
      documents.append(
        YAMLDocument(
          value: document.root.value,
          marks: marks(of: document.root, base: range.lowerBound, lines: lines)
        )
      )
    }
    return documents
  }

  /// Recursion is bounded by the depth that the parser has accepted.
  private static func marks(of view: JSONView, base: Int, lines: LineTable) -> SourceMarks {
    var marks = SourceMarks(mark: lines.mark(at: base + view.source.startIndex))
    for (key, value) in view.members {
      var child = Self.marks(of: value, base: base, lines: lines)
      child.keyMark = lines.mark(at: base + key.source.startIndex)
      marks.children.append(child)
    }
    for element in view.elements {
      marks.children.append(Self.marks(of: element, base: base, lines: lines))
    }
    return marks
  }
}

/// Offsets of line starts, to turn an offset into a mark.
struct LineTable {
  private let text: [UInt8]
  private var starts = [0]

  init(_ text: [UInt8]) {
    self.text = text
    for (offset, byte) in text.enumerated() where byte == UInt8(ascii: "\n") {
      starts.append(offset + 1)
    }
  }

  func mark(at offset: Int) -> SourceMark {
    let offset = min(max(offset, 0), text.count)
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle } else { high = middle }
    }
    // A scalar's continuation bytes do not count.
    let column = text[starts[low]..<offset].count { $0 & 0xC0 != 0x80 }
    return SourceMark(line: low + 1, column: column + 1)
  }
}
