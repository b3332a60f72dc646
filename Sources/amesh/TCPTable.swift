/// Reads the kernel's tables of TCP sockets, proc_net_tcp(5).
enum TCPTable {
  /// How many connections are established on any of these local ports.
  ///
  /// - Parameter text: of `/proc/net/tcp` or `/proc/net/tcp6`. Lines of another form do not count.
  static func established(in text: String, localPorts: Set<UInt16>) -> Int {
    // Each line: `sl local_address rem_address st …`, an address being hexadecimal `ADDRESS:PORT`.
    text.split(separator: "\n").count { line in
      let fields = line.split(separator: " ", maxSplits: 4)
      guard fields.count >= 4, fields[3] == "01" else { return false }
      guard let colon = fields[1].lastIndex(of: ":") else { return false }
      guard let port = UInt16(fields[1][fields[1].index(after: colon)...], radix: 16) else { return false }
      return localPorts.contains(port)
    }
  }
}
