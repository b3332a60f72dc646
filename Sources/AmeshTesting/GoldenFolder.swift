package import Foundation
package import KubernetesObjects

/// A folder of `NAME.case.json` files, each with the `NAME.expected.json` that it has to lead to. A new case is a new
/// file; `AMESH_UPDATE_GOLDEN=1` writes what is expected anew, to be read before it is committed.
package struct GoldenFolder: Sendable {
  package let directory: URL

  package init(_ directory: URL) { self.directory = directory }

  /// The folder `name` beside a source file, by `#filePath`.
  package init(beside sourceFile: String, named name: String = "Golden") {
    self.init(URL(fileURLWithPath: sourceFile).deletingLastPathComponent().appendingPathComponent(name))
  }

  package static var isUpdating: Bool { ProcessInfo.processInfo.environment["AMESH_UPDATE_GOLDEN"] == "1" }

  /// Names of all cases, sorted.
  package func names() throws -> [String] { try names(ending: ".case.json") }

  /// Names of expectations without a case, left over from a case that is gone.
  package func orphans() throws -> [String] {
    let cases = Set(try names())
    return try names(ending: ".expected.json").filter { !cases.contains($0) }
  }

  package func input(_ name: String) throws -> JSONValue { try read(name, ".case.json") }

  /// What was expected at the last update.
  package func expected(_ name: String) throws -> JSONValue { try read(name, ".expected.json") }

  /// Compares with what is expected, or writes it down when updating.
  ///
  /// - Returns: what is wrong, nil if nothing is.
  package func compare(_ name: String, with actual: JSONValue) throws -> String? {
    let file = directory.appendingPathComponent(name + ".expected.json")
    let text = actual.serialized(indent: 2) + [0x0A]
    if Self.isUpdating {
      try Data(text).write(to: file, options: .atomic)
      return nil
    }
    guard let expected = try? Data(contentsOf: file) else {
      return "\(name).expected.json is missing; run the tests with AMESH_UPDATE_GOLDEN=1 and read what it has written"
    }
    if Array(expected) == text { return nil }
    return "\(name).expected.json differs in line \(Self.firstDifference(Array(expected), text))"
  }

  private static func firstDifference(_ one: [UInt8], _ other: [UInt8]) -> String {
    let newline = UInt8(ascii: "\n")
    let expected = one.split(separator: newline, omittingEmptySubsequences: false)
    let actual = other.split(separator: newline, omittingEmptySubsequences: false)
    let shared = min(expected.count, actual.count)
    let line = (0..<shared).first { expected[$0] != actual[$0] } ?? shared
    func text(_ lines: [ArraySlice<UInt8>]) -> String {
      line < lines.count ? String(decoding: lines[line], as: UTF8.self) : "(end)"
    }
    return "\(line + 1)\n  expected: \(text(expected))\n  actual:   \(text(actual))"
  }

  private func names(ending suffix: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path)
      .filter { $0.hasSuffix(suffix) }
      .map { String($0.dropLast(suffix.count)) }
      .sorted()
  }

  private func read(_ name: String, _ suffix: String) throws -> JSONValue {
    try JSONValue(parsing: Array(Data(contentsOf: directory.appendingPathComponent(name + suffix))))
  }
}
