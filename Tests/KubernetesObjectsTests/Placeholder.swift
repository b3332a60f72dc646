import Testing
@Suite struct KubernetesObjectsPlaceholder { @Test func t() {} }
