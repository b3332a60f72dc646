import AmeshTesting
import MeshConfiguration
import Testing

@Suite struct ReadmeReferenceTests {
  @Test func `the README lists every key`() throws {
    #expect(
      try Readme.shows(ConfigurationReference.markdown, as: "configuration"),
      "AMESH_UPDATE_GOLDEN=1 writes it anew"
    )
  }
}
