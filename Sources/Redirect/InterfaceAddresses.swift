/// The addresses of version 6 that a network namespace has, out of the kernel's list (/proc/net/if_inet6).
package enum InterfaceAddresses {
  /// Whether there is one by which others reach it: neither loopback nor link-local, which every interface has.
  package static func reachableIPv6(_ list: String) -> Bool { !addresses(list).isEmpty }

  /// - Parameter list: lines of `ADDRESS INDEX PREFIX SCOPE FLAGS NAME`, hexadecimal. Lines of another form do not count.
  package static func addresses(_ list: String) -> [UInt128] {
    list.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count >= 6, fields[0].utf8.count == 32, let address = UInt128(fields[0], radix: 16) else {
        return nil
      }
      // Host (loopback) and link; global addresses have 00, unique local ones too.
      guard fields[3] != "10", fields[3] != "20" else { return nil }
      return address
    }
  }
}
