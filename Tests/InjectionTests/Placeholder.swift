import Testing
@Suite struct InjectionPlaceholder { @Test func t() {} }
