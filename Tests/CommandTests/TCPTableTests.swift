import Testing

@testable import amesh

struct TCPTableTests {
  private static let table = """
      sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
       0: 00000000:4A88 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
       1: 0100007F:4A88 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
       2: 0100007F:4A88 0100007F:D432 06 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
       3: 0100007F:D431 0100007F:4A88 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1
       4: 0100007F:4A89 0100007F:D433 01 00000000:00000000 00:00000000 00000000     0        0 5 1 0 20 4 30 10 -1

    """

  private static let table6 = """
      sl  local_address                         remote_address                        st tx_queue rx_queue
       0: 00000000000000000000000001000000:4A88 00000000000000000000000001000000:D434 01 00000000:00000000

    """

  @Test func `Established connections count by their local port`() {
    #expect(TCPTable.established(in: Self.table, localPorts: [19080]) == 1)
    #expect(TCPTable.established(in: Self.table, localPorts: [19080, 19081]) == 2)
    #expect(TCPTable.established(in: Self.table, localPorts: [443]) == 0)
    #expect(TCPTable.established(in: Self.table6, localPorts: [19080]) == 1)
  }

  @Test(arguments: ["", "\n\n", "0: 01", "0: x y 01 z", "0: :ZZZZ : 01 z", "0: a:FFFFF b:1 01 z"])
  func `Lines of another form do not count`(text: String) {
    #expect(TCPTable.established(in: text, localPorts: Set(0...UInt16.max)) == 0)
  }
}
