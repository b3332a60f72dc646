import AdmissionWebhook
import Testing

struct StringCutTests {
  @Test(arguments: [
    ("", 4, ""), ("abcd", 4, "abcd"), ("abcde", 4, "abcd"), ("aéb", 2, "a"), ("aéb", 3, "aé"), ("😀", 3, ""),
    ("a", 0, ""), ("a", -1, ""),
  ])
  func `text is cut between characters`(text: String, bytes: Int, expected: String) {
    #expect(text.cut(toBytes: bytes) == expected)
  }
}
