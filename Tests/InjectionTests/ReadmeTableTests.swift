import AmeshTesting
import Injection
import Testing

/// The README's tables are the code's own.
@Suite(.serialized) struct ReadmeTableTests {
  static let tables = [
    ("truth table", InjectionReason.markdownTable()), ("annotations", PodAnnotation.markdownTable()),
  ]

  @Test(arguments: tables) func `the README shows the table as it is`(name: String, table: String) throws {
    #expect(try Readme.shows(table, as: name), "AMESH_UPDATE_GOLDEN=1 writes it anew")
  }

  @Test(arguments: tables) func `a table is Markdown of equally many columns`(name: String, table: String) {
    let lines = table.split(separator: "\n")
    #expect(lines.count > 20)
    for line in lines { #expect(line.hasPrefix("|") && line.hasSuffix("|") && line.count(where: { $0 == "|" }) == 4) }
  }
}
