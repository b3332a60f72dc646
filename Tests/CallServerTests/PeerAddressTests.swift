import Testing

@testable import CallServer

@Suite struct PeerAddressTests {
  private static func ipv6(_ groups: [UInt16]) -> PeerAddress? {
    PeerAddress(ipv6: groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] })
  }

  @Test func `IPv4 addresses are told apart`() {
    #expect(PeerAddress(ipv4: 0x7f00_0001) == PeerAddress(ipv4: 0x7f00_0001))
    #expect(PeerAddress(ipv4: 0x7f00_0001) != PeerAddress(ipv4: 0x7f00_0002))
  }

  @Test(arguments: [
    ([0xfd00, 1, 2, 3, 4, 5, 6, 7], [0xfd00, 1, 2, 3, 8, 9, 10, 11], true),
    ([0xfd00, 1, 2, 3, 4, 5, 6, 7], [0xfd00, 1, 2, 4, 4, 5, 6, 7], false),
    ([0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 2], true),
    // IPv4 within IPv6.
    ([0, 0, 0, 0, 0, 0xffff, 0x0a00, 1], [0, 0, 0, 0, 0, 0xffff, 0x0a00, 2], false),
    ([0, 0, 0, 0, 0, 0xffff, 0x0a00, 1], [0, 0, 0, 0, 0, 0, 0x0a00, 1], false),
  ])
  func `an IPv6 network of 64 bits is one place`(_ one: [UInt16], _ other: [UInt16], _ isSame: Bool) {
    #expect((Self.ipv6(one) == Self.ipv6(other)) == isSame)
  }

  @Test func `an IPv4 address is the same over sockets of both kinds`() {
    #expect(Self.ipv6([0, 0, 0, 0, 0, 0xffff, 0x0a01, 0x0203]) == PeerAddress(ipv4: 0x0a01_0203))
  }

  @Test(arguments: [0, 4, 15, 17]) func `what is no address is none`(_ count: Int) {
    let bytes = [UInt8](repeating: 2, count: count)
    #expect(PeerAddress(ipv6: bytes) == nil)
    #expect(bytes.withUnsafeBytes { PeerAddress(socketAddress: $0) } == nil)
  }
}
