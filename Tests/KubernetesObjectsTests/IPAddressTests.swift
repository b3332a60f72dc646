import KubernetesObjects
import Testing

@Suite struct IPAddressTests {
  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1", [127, 0, 0, 1]), ("255.255.255.255", "255.255.255.255", [255, 255, 255, 255]),
    ("::1", "::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    ("FD00:0:0:0:0:0:0:A", "fd00::a", [0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10]),
    ("::ffff:10.0.0.1", "::ffff:10.0.0.1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1]),
  ])
  func `an address has bytes, and one spelling`(_ text: String, _ canonical: String, _ bytes: [UInt8]) throws {
    let address = try #require(IPAddress(text))
    #expect(address.bytes == bytes)
    #expect(address.description == canonical)
    #expect(IPAddress(bytes: bytes) == address)
  }

  @Test(arguments: ["", "localhost", "127.1", "127.0.0.01", "1.2.3.4/32", "::1%lo", "[::1]", ":::", "1.2.3.256"])
  func `what is none`(_ text: String) { #expect(IPAddress(text) == nil) }

  @Test(arguments: [0, 3, 5, 15, 17]) func `other numbers of bytes are none`(_ count: Int) {
    #expect(IPAddress(bytes: [UInt8](repeating: 1, count: count)) == nil)
  }
}
