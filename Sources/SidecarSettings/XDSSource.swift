/// Where a control plane listens: `grpc://HOST:PORT`, or with TLS `grpcs://HOST:PORT`, also written `https://HOST:PORT`.
package struct XDSSource: Sendable, Hashable, CustomStringConvertible {
  package var host: String
  package var port: Int
  package var isSecure: Bool

  package init(host: String, port: Int, isSecure: Bool) {
    self.host = host
    self.port = port
    self.isSecure = isSecure
  }

  package init(parsing text: String) throws(SettingProblem) {
    let scheme = ["grpc://", "grpcs://", "https://"].first { text.hasPrefix($0) }
    guard let scheme else {
      throw SettingProblem("\"\(text.prefix(200))\" is no address; write grpc://HOST:PORT or grpcs://HOST:PORT")
    }
    let secure = scheme != "grpc://"
    var rest = text.dropFirst(scheme.utf8.count)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0 else {
      throw SettingProblem("\"\(text.prefix(200))\" lacks a port; write grpc://HOST:PORT or grpcs://HOST:PORT")
    }
    var host = rest[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    let isHost = host.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: ":"):
        true
      default: false
      }
    }
    guard !host.isEmpty, isHost, host.utf8.count <= 253 else {
      throw SettingProblem("\"\(text.prefix(200))\" has no valid host; write grpc://HOST:PORT or grpcs://HOST:PORT")
    }
    self.init(host: String(host), port: Int(port), isSecure: secure)
  }

  package var description: String {
    "\(isSecure ? "grpcs" : "grpc")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
  }
}

/// What is wrong with the value of a setting, and what would be right.
package struct SettingProblem: Error, Sendable, Hashable, CustomStringConvertible {
  package var description: String

  init(_ description: String) { self.description = description }
}
