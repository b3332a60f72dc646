import KubernetesObjects
import Testing

@Suite struct KubernetesNameTests {
  static let a63 = String(repeating: "a", count: 63)

  @Test(arguments: ["a", "0", "web-1", "a--b", a63])
  func `is a label`(_ text: String) {
    #expect(KubernetesName.isLabel(text))
    #expect(KubernetesName.isSubdomain(text))
    #expect(KubernetesName.isLabelValue(text))
    #expect(KubernetesName.isLabelKey(text))
  }

  @Test(arguments: ["", "-a", "a-", "A", "a_b", "a b", "é", "a\n", a63 + "a", "a.b", "a/b"])
  func `is no label`(_ text: String) { #expect(!KubernetesName.isLabel(text)) }

  @Test(arguments: ["a.b", "a-1.b-2.c", a63 + "a", a63 + "." + a63 + "." + a63 + "." + String(a63.dropFirst(2))])
  func `is a subdomain`(_ text: String) { #expect(KubernetesName.isSubdomain(text)) }

  @Test(arguments: [
    "", ".", "a.", ".a", "a..b", "a.-b", "A.b", "a_b.c", a63 + "." + a63 + "." + a63 + "." + a63 + ".",
    String(repeating: "a", count: 254),
  ])
  func `is no subdomain`(_ text: String) { #expect(!KubernetesName.isSubdomain(text)) }

  @Test(arguments: [
    "app", "App_1.x-Y", "app.kubernetes.io/name", "a/" + a63, "amesh.apisix.apache.org/inject", "0", "1/A",
  ])
  func `is a label key`(_ text: String) { #expect(KubernetesName.isLabelKey(text)) }

  @Test(arguments: [
    "", "/", "/a", "a/", "a/b/c", "A.io/x", "-a", "a-", "_a", ".a", "a b", "a/" + a63 + "a", "é", "a.io/é", "a../b",
    String(repeating: "a", count: 254) + "/b",
  ])
  func `is no label key`(_ text: String) { #expect(!KubernetesName.isLabelKey(text)) }

  @Test(arguments: ["", "a", "A", "1.2_3-X", a63])
  func `is a label value`(_ text: String) { #expect(KubernetesName.isLabelValue(text)) }

  @Test(arguments: ["-", ".", "_", "a-", "-a", "a/b", "a b", " ", "é", "\u{212A}", a63 + "a", "a\u{0}"])
  func `is no label value`(_ text: String) { #expect(!KubernetesName.isLabelValue(text)) }
}
