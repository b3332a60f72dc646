import Foundation

/// The parts of the README that are made from the code: what stands between `<!-- NAME -->` and `<!-- /NAME -->`.
package enum Readme {
  /// Whether the part is as the code has it; `AMESH_UPDATE_GOLDEN=1` writes it anew.
  package static func shows(_ text: String, as name: String, filePath: String = #filePath) throws -> Bool {
    let file = URL(filePath: filePath).deletingLastPathComponent().appending(path: "../../README.md").standardized
    let readme = try String(contentsOf: file, encoding: .utf8)
    guard let start = readme.range(of: "<!-- \(name) -->\n"),
      let end = readme.range(of: "<!-- /\(name) -->", range: start.upperBound..<readme.endIndex)
    else { return false }
    let wanted = text.hasSuffix("\n") ? text : text + "\n"
    if readme[start.upperBound..<end.lowerBound] == wanted { return true }
    guard ProcessInfo.processInfo.environment["AMESH_UPDATE_GOLDEN"] == "1" else { return false }
    let updated = readme.replacingCharacters(in: start.upperBound..<end.lowerBound, with: wanted)
    try updated.write(to: file, atomically: true, encoding: .utf8)
    return true
  }
}
