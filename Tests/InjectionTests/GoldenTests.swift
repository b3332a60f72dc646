import AmeshTesting
import Injection
import KubernetesObjects
import Testing

/// Every file of the folder Golden, which a new case joins by being there.
@Suite struct GoldenTests {
  static let folder = GoldenFolder(beside: #filePath)
  static let names = (try? folder.names()) ?? []

  @Test(arguments: names) func `a case leads to what is expected`(name: String) throws {
    let golden = try GoldenCase(Self.folder.input(name))
    let outcome = try golden.inject(golden.pod)
    let result = try outcome.applied(to: golden.pod)
    let problem = try Self.folder.compare(name, with: outcome.golden(result: result))
    #expect(problem == nil)
  }

  @Test(arguments: names) func `a second pass changes nothing`(name: String) throws {
    let golden = try GoldenCase(Self.folder.input(name))
    let first = try golden.inject(golden.pod)
    let result = try first.applied(to: golden.pod)
    let second = try golden.inject(result)
    #expect(second.reason == first.reason)
    #expect(second.patch.map { String(decoding: $0, as: UTF8.self) } == nil)
  }

  @Test(arguments: names) func `what was injected can be taken out again, byte for byte`(name: String) throws {
    let golden = try GoldenCase(Self.folder.input(name))
    let outcome = try golden.inject(golden.pod)
    guard outcome.verdict == .injected else { return }
    let back = try #require(Uninjector.uninject(outcome.applied(to: golden.pod)))
    // A Pod that has been injected before goes back to what it was before that, if its status tells.
    let before = Uninjector.uninject(golden.pod)
    if before == nil, Self.hasSidecar(golden.pod) { return }
    var expected = before ?? golden.pod
    expected["metadata"]?["annotations"]?[MeshNames.statusAnnotation] = nil
    #expect(
      String(decoding: back.serialized(), as: UTF8.self) == String(decoding: expected.serialized(), as: UTF8.self)
    )
  }

  @Test func `there are enough cases, none without expectation and no expectation without case`() throws {
    #expect(Self.names.count >= 70)
    #expect(try Self.folder.orphans() == [])
  }

  @Test func `every reason has a case`() throws {
    let seen = Set(try Self.names.compactMap { try Self.folder.expected($0)["reason"]?.string })
    #expect(Set(InjectionReason.allCases.map(\.rawValue)).subtracting(seen) == [])
  }

  @Test(arguments: names.filter { $0.hasPrefix("unchanged-") })
  func `our own result as the API server stores it needs no patch`(name: String) throws {
    let golden = try GoldenCase(Self.folder.input(name))
    #expect(try golden.inject(golden.pod) == InjectionOutcome(reason: .namespaceEnabled))
  }

  private static func hasSidecar(_ pod: JSONValue) -> Bool {
    ["containers", "initContainers"].contains { list in
      pod["spec"]?[list]?.array?.contains { $0["name"]?.string?.hasPrefix("amesh-") == true } ?? false
    }
  }
}
