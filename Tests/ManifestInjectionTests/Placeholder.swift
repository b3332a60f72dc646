import Testing
@Suite struct ManifestInjectionPlaceholder { @Test func t() {} }
