import AmeshTesting
import Testing

@testable import XDSTranslation

@Suite struct ReadmeReferenceTests {
  @Test func `the README lists every feature`() throws {
    #expect(try Readme.shows(Feature.markdown, as: "features"), "AMESH_UPDATE_GOLDEN=1 writes it anew")
  }
}
