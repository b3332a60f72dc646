import AmeshTesting
import KubernetesObjects
import Redirect
import Testing

/// Every file of the folder Golden; hack/check-redirect loads the same into the kernel.
@Suite struct GoldenTests {
  static let folder = GoldenFolder(beside: #filePath)
  static let names = (try? folder.names()) ?? []

  @Test(arguments: names) func `options lead to the rules that are expected`(name: String) throws {
    let options = try RedirectOptions(flags: Self.folder.input(name))
    #expect(options.problems == [])
    let problem = try Self.folder.compare(name, with: options.golden)
    #expect(problem == nil)
  }

  @Test(arguments: names) func `what was loaded needs nothing more`(name: String) throws {
    let options = try RedirectOptions(flags: Self.folder.input(name))
    for family in AddressFamily.allCases {
      let rules = RuleSet(options, family)
      #expect(IPTablesState(rules).transaction(to: IPTablesState(rules)) == nil)
      #expect(NFTablesState(rules).transaction(to: NFTablesState(rules)) == nil)
    }
  }

  @Test func `there are enough cases, none without expectation and no expectation without case`() throws {
    #expect(Self.names.count >= 40)
    #expect(try Self.folder.orphans() == [])
  }
}
