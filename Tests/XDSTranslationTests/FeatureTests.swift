import AmeshTesting
import KubernetesObjects
import Testing

@testable import XDSTranslation

@Suite struct `Each row of the table of features` {
  private static let folder = GoldenFolder(beside: #filePath, named: "Golden/features")

  @Test func `has a case`() throws {
    #expect(try Set(Self.folder.names()) == Set(Feature.allCases.map(\.rawValue)))
    #expect(try Self.folder.orphans() == [])
  }

  @Test(arguments: Feature.allCases)
  func `becomes what is written down`(_ feature: Feature) throws {
    let translator = Translator(try FeatureCase(Self.folder.input(feature.rawValue)).changes)
    #expect(try Self.folder.compare(feature.rawValue, with: translator.golden) == nil)
    let schemas = try APISIXSchemas()
    #expect(translator.objects.flatMap { schemas.problems($0) } == [])
  }

  @Test(arguments: Feature.allCases)
  func `is told of where it is not done as Envoy does it`(_ feature: Feature) throws {
    let translator = Translator(try FeatureCase(Self.folder.input(feature.rawValue)).changes)
    // The case itself is well formed.
    #expect(feature == .malformed || !translator.findings.contains { $0.feature == .malformed })
    let findings = translator.findings.filter { $0.feature == feature }
    switch feature.row.treatment {
    case .translated: #expect(findings.isEmpty)
    // What a client sends is up to each request, and timeouts to each response.
    case .approximated: #expect(!findings.isEmpty || feature == .requestForm || feature == .timeout)
    case .refused: #expect(!findings.isEmpty)
    }
    #expect(findings.allSatisfy { $0.message.hasPrefix(feature.row.outcome) && !$0.resources.isEmpty })
  }
}
