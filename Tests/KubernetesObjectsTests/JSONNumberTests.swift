import KubernetesObjects
import Testing

@Suite struct JSONNumberTests {
  @Test(arguments: [
    ["1", "1.0", "1e0", "10e-1", "0.1e1", "0.01E+2", "1.000"],
    ["0", "-0", "0.0", "0e99999999999999999999999999", "-0.000e-7"],
    ["-12.5", "-125e-1", "-0.125e2", "-12.50"],
    ["1e1000000000", "10e999999999", "0.1e1000000001"],
    ["1000000000000000000000000000000", "1e30", "1000e27"],
    ["9007199254740993", "9007199254740993.0"],
  ])
  func `equal by value`(_ spellings: [String]) throws {
    for one in spellings {
      for other in spellings {
        let one = try #require(JSONNumber(spelling: one))
        let other = try #require(JSONNumber(spelling: other))
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
      }
    }
  }

  @Test(arguments: [
    ("1", "-1"), ("1", "10"), ("1", "0.1"), ("9007199254740993", "9007199254740992"), ("0.1", "0.10000000000000001"),
    ("1e400", "1e401"), ("1e99999999999999999999", "1e-99999999999999999999"), ("1e99999999999999999999", "1"),
    ("0", "1"),
    ("12", "21"),
  ])
  func `different by value`(_ one: String, _ other: String) {
    #expect(JSONNumber(spelling: one) != JSONNumber(spelling: other))
  }

  @Test func `keeps its spelling`() {
    #expect(JSONNumber(spelling: "1.50E+03")?.spelling == "1.50E+03")
    #expect(JSONNumber(Int.min).spelling == "-9223372036854775808")
    #expect(JSONNumber(42).integer == 42)
  }

  @Test(arguments: ["", " 1", "1 ", "1,2", "true", "\"1\"", "[1]", "01", "+1", "1.", "é"])
  func `refuses what is no number`(_ text: String) {
    #expect(JSONNumber(spelling: text) == nil)
  }
}
