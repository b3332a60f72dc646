import KubernetesObjects
import Testing

@Suite struct QuantityTests {
  @Test(arguments: [
    ("0", "0"), ("-0", "0"), ("0.0Ki", "0"), ("0e9", "0"), ("1", "1"), ("+1", "1"), ("-1", "-1"), ("007", "7"),
    ("1.", "1"),
    (".5", "500m"), ("0.1", "100m"), ("0.10", "100m"), ("1.5", "1500m"), ("-1.5", "-1500m"), ("100m", "100m"),
    ("1000m", "1"), ("1500m", "1500m"), ("1000000u", "1"), ("2500u", "2500u"), ("1000n", "1u"), ("1n", "1n"),
    ("1000", "1k"), ("1000k", "1M"), ("1500", "1500"), ("1.5k", "1500"), ("1.5M", "1500k"),
    ("1000000000000000000", "1E"),
    ("1E", "1E"), ("2P", "2P"), ("3T", "3T"), ("4G", "4G"),
    ("1Ki", "1Ki"), ("1024Ki", "1Mi"), ("1024Mi", "1Gi"), ("1.5Gi", "1536Mi"), ("1536Mi", "1536Mi"), ("0.5Ki", "512"),
    ("0.5Mi", "512Ki"), ("1023", "1023"), ("1024", "1024"), ("0.001Ki", "1024m"), ("1.1Ki", "1126400m"),
    ("1000Ki", "1000Ki"),
    ("-2048Ki", "-2Mi"), ("7Ei", "7Ei"), ("1Pi", "1Pi"), ("1Ti", "1Ti"),
    ("1e3", "1e3"), ("1E3", "1e3"), ("1e0", "1"), ("100e2", "10e3"), ("1e-3", "1e-3"), ("1.5e3", "1500"),
    ("1e+6", "1e6"),
    ("12e-1", "1200e-3"), ("1e1", "10"), ("1e18", "1e18"), ("1e-9", "1e-9"),
    // Nothing finer than a billionth, rounded away from zero.
    ("1.1n", "2n"), ("0.0000000001", "1n"), ("-0.0000000001", "-1n"), ("1e-30", "1e-9"),
    ("0.00000000000000000000000000000000000000001", "1n"),
    ("1e-999999999999999999999999", "1e-9"), ("1.0000000000000000000000000000000000000000000001", "1000000001n"),
    ("1.0000000000000000000000000000000000000000000000", "1"), ("0.000000000000000000000000000001e30", "1"),
    ("9223372036854775807", "9223372036854775807"), ("9223372036854775.807k", "9223372036854775807"),
    ("0000000000000000000000000000000000000000000000000001", "1"),
  ])
  func `canonical`(_ text: String, _ canonical: String) throws {
    let quantity = try #require(Quantity(text))
    #expect(quantity.text == text)
    #expect(quantity.canonical == canonical)
    let again = try #require(Quantity(canonical))
    #expect(again == quantity)
    #expect(again.canonical == canonical)
    #expect(again.hashValue == quantity.hashValue)
  }

  @Test(arguments: [
    "", " 1", "1 ", "+", "-", ".", "-.", "+-1", "--1", "1..2", "1.2.3", "1,5", "m", "Gi", "1K", "1ki", "1KI", "1kI",
    "1Gib",
    "1GB", "1 Gi", "1mm", "1i", "1e", "1e+", "1e-", "1ee3", "1e1.5", "1e3Ki", "1x", "0x10", "1_000", "é", "１", "NaN",
    "inf",
    "1\n", "1\u{0}", "1u1",
  ])
  func `is no quantity`(_ text: String) { #expect(Quantity(text) == nil) }

  @Test(arguments: [
    "9223372036854775808", "-9223372036854775808", "9223372036854775807.1", "8Ei", "10E", "1e19", "1e38",
    "1e999999999999999999999",
    "99999999999999999999999999999999999999999999999999", "99999999999999999999999999999999999999Ei",
    "9300000000000000000000m",
  ])
  func `is out of range`(_ text: String) { #expect(Quantity(text) == nil) }

  @Test func `ordered by value, exactly`() throws {
    let ascending: [Quantity] = [
      "-1Gi", "-1", "-1n", "0", "1n", "999u", "1m", "0.1", "100.000001m", "1", "1000000001n", "1k", "1Ki", "1M", "1Mi",
      "1.5Gi", "2Gi",
      "1E", "1Ei", "9223372036854775806", "9223372036854775807",
    ]
    for (one, other) in zip(ascending, ascending.dropFirst()) {
      #expect(one < other)
      #expect(one != other)
      #expect(!(other < one))
    }
    #expect("0.1" as Quantity == "100m")
    #expect("1Gi" as Quantity == "1073741824")
    #expect(Set<Quantity>(["1", "1000m", "1e0", "1.0"]).count == 1)
    #expect(["500m", "1Gi", "2"].compactMap(Quantity.init).max()?.text == "1Gi")
  }

  @Test func `a constant that is no quantity is nothing`() {
    #expect("12 apples" as Quantity == "0")
    #expect(("12 apples" as Quantity).text == "0")
  }
}
