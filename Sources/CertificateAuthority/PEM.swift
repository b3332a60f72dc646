import FoundationEssentials

/// Blocks of base64 between `-----BEGIN LABEL-----` and `-----END LABEL-----` (RFC 7468), read in one pass.
///
/// Lines end with LF or CRLF, the last may end with nothing; blank lines may stand around blocks. Anything else outside a
/// block is refused, as is white space, a header or a blank line within one.
package enum PEM {
  package struct Block: Hashable, Sendable {
    package let label: String
    package let derBytes: [UInt8]

    package init(label: String, derBytes: [UInt8]) {
      self.label = label
      self.derBytes = derBytes
    }
  }

  /// - Parameters:
  ///   - bytes: the whole text.
  ///   - maximumBytes: longer text is refused before it is looked at.
  ///   - maximumBlocks: reading stops with an error at the first block too many.
  package static func blocks(
    in bytes: [UInt8],
    maximumBytes: Int,
    maximumBlocks: Int
  ) throws(PEMError) -> [Block] {
    guard bytes.count <= maximumBytes else { throw .tooLong(limit: maximumBytes) }
    var reader = Lines(rest: bytes[...])
    var blocks: [Block] = []
    while let line = reader.next() {
      if line.isEmpty { continue }
      guard let label = label(of: line, after: "-----BEGIN ") else { throw .textOutsideBlock }
      guard blocks.count < maximumBlocks else { throw .tooManyBlocks(limit: maximumBlocks) }
      blocks.append(Block(label: label, derBytes: try body(labelled: label, from: &reader)))
    }
    guard !blocks.isEmpty else { throw .noBlock }
    return blocks
  }

  /// One block, in lines of 64 characters, with a line feed at its end.
  package static func text(label: String, derBytes: [UInt8]) -> String {
    let body = Data(derBytes).base64EncodedData(options: [.lineLength64Characters, .endLineWithLineFeed])
    return "-----BEGIN \(label)-----\n\(String(decoding: body, as: UTF8.self))\n-----END \(label)-----\n"
  }

  private static func body(labelled label: String, from lines: inout Lines) throws(PEMError) -> [UInt8] {
    var base64: [UInt8] = []
    while let line = lines.next() {
      if line.first == UInt8(ascii: "-") {
        guard Self.label(of: line, after: "-----END ") == label else { throw .badEnd(label: label) }
        guard let data = Data(base64Encoded: Data(base64)), !data.isEmpty else { throw .badBase64(label: label) }
        return Array(data)
      }
      guard !line.isEmpty else { throw .badBase64(label: label) }
      base64 += line
    }
    throw .badEnd(label: label)
  }

  /// The label of an encapsulation boundary: upper-case letters, digits and single spaces.
  private static func label(of line: ArraySlice<UInt8>, after prefix: String) -> String? {
    let suffix = "-----"
    guard line.count > prefix.utf8.count + suffix.utf8.count, line.count <= 80, line.starts(with: prefix.utf8),
      line.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    else { return nil }
    let label = line.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)
    let isLegal = label.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "): true
      default: false
      }
    }
    return isLegal ? String(decoding: label, as: UTF8.self) : nil
  }

  /// Cuts bytes into lines, without their ends.
  private struct Lines {
    var rest: ArraySlice<UInt8>

    mutating func next() -> ArraySlice<UInt8>? {
      guard !rest.isEmpty else { return nil }
      let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
      let line = rest[rest.startIndex..<end]
      rest = end == rest.endIndex ? [] : rest[(end + 1)...]
      return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
  }
}
