import Testing
@Suite struct MeshConfigurationPlaceholder { @Test func t() {} }
