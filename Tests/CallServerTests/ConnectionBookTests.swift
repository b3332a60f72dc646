import Testing

@testable import CallServer

@Suite struct ConnectionBookTests {
  private static let addresses = (1...3).map { PeerAddress(ipv4: $0) }

  private func book(_ all: Int, _ perAddress: Int) -> ConnectionBook {
    var limits = CallLimits()
    limits.maximumConnections = all
    limits.maximumConnectionsPerAddress = perAddress
    return ConnectionBook(limits: limits)
  }

  @Test func `one address gets its share, and the others theirs`() {
    let book = book(5, 2)
    let answers = [0, 0, 0, 1, 1, 1, 2, 2].map { book.enter(Self.addresses[$0]) }
    #expect(answers == [nil, nil, .connectionsOfAddress, nil, nil, .connectionsOfAddress, nil, .connections])
    book.leave(Self.addresses[0])
    #expect(book.enter(Self.addresses[1]) == .connectionsOfAddress)
    #expect(book.enter(Self.addresses[0]) == nil)
    for address in [0, 0, 1, 1, 2] { book.leave(Self.addresses[address]) }
    #expect(book.isEmpty)
  }

  @Test func `what has no address counts among all only`() {
    let book = book(3, 1)
    #expect((0..<4).map { _ in book.enter(nil) } == [nil, nil, nil, .connections])
    for _ in 0..<3 { book.leave(nil) }
    #expect(book.isEmpty)
  }

  @Test func `nothing is kept of those that are gone`() {
    let book = book(10, 10)
    for number in 0..<1000 as Range<UInt32> {
      #expect(book.enter(PeerAddress(ipv4: number)) == nil)
      book.leave(PeerAddress(ipv4: number))
    }
    #expect(book.isEmpty)
  }
}
