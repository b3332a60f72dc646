import Foundation
import Injection
import Testing

/// The README's tables are made from the code's own, once the README has a place for them.
@Suite struct ReadmeTableTests {
  static let tables = [
    ("truth table", InjectionReason.markdownTable()), ("annotations", PodAnnotation.markdownTable()),
  ]

  @Test(arguments: tables) func `the README shows the table as it is`(marker: String, table: String) throws {
    let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../README.md")
    guard let text = try? String(contentsOf: readme, encoding: .utf8), text.contains("<!-- \(marker) -->") else {
      return
    }
    #expect(text.contains("<!-- \(marker) -->\n\(table)\n<!-- /\(marker) -->"), "\(table)")
  }

  @Test(arguments: tables) func `a table is Markdown of equally many columns`(marker: String, table: String) {
    let lines = table.split(separator: "\n")
    #expect(lines.count > 20)
    for line in lines { #expect(line.hasPrefix("|") && line.hasSuffix("|") && line.count(where: { $0 == "|" }) == 4) }
  }
}
