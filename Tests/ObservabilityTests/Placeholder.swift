import Testing
@Suite struct ObservabilityPlaceholder { @Test func t() {} }
