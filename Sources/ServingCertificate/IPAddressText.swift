#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// IP addresses between text and network byte order.
enum IPAddressText {
  /// Four or sixteen bytes; nil when the text is no address.
  static func bytes(of text: String) -> [UInt8]? {
    var v4 = in_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      return withUnsafeBytes(of: v4) { Array($0) }
    }
    var v6 = in6_addr()
    if inet_pton(AF_INET6, text, &v6) == 1 {
      return withUnsafeBytes(of: v6) { Array($0) }
    }
    return nil
  }

  /// Nil unless there are four or sixteen bytes.
  static func text(of bytes: [UInt8]) -> String? {
    let family: Int32
    switch bytes.count {
    case 4: family = AF_INET
    case 16: family = AF_INET6
    default: return nil
    }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The usual spelling of an address; anything else as it is.
  static func canonical(_ text: String) -> String {
    bytes(of: text).flatMap(Self.text(of:)) ?? text
  }
}
