/// Envoy's header values, with commands between percent signs, as APISIX resolves variables.
enum HeaderFormat {
  private static let commands = [
    "DOWNSTREAM_REMOTE_ADDRESS": "${remote_addr}:${remote_port}",
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": "${remote_addr}",
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS": "${remote_addr}:${remote_port}",
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT": "${remote_addr}",
    "DOWNSTREAM_LOCAL_ADDRESS": "${server_addr}:${server_port}",
    "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT": "${server_addr}",
    "DOWNSTREAM_LOCAL_PORT": "${server_port}",
    "HOSTNAME": "${hostname}",
    "PROTOCOL": "${server_protocol}",
  ]

  /// Nil where a command has no variable, or a line would be broken.
  static func value(_ text: String) -> String? {
    guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { return nil }
    guard text.utf8.contains(UInt8(ascii: "%")) else { return literal(text) }
    var result = ""
    var rest = text[...]
    while let start = rest.firstIndex(of: "%") {
      result += literal(rest[..<start])
      rest = rest[rest.index(after: start)...]
      guard let end = rest.firstIndex(of: "%") else { return nil }
      let command = rest[..<end]
      rest = rest[rest.index(after: end)...]
      if command.isEmpty {
        result += "%"
      } else if let variable = variable(command) {
        result += variable
      } else {
        return nil
      }
    }
    return result + literal(rest)
  }

  private static func variable(_ command: Substring) -> String? {
    if let variable = commands[String(command)] { return variable }
    guard command.hasPrefix("REQ("), command.hasSuffix(")") else { return nil }
    return RequestVariable.header(String(command.dropFirst(4).dropLast())).map { "${\($0)}" }
  }

  /// A dollar sign that starts no variable: the default of a variable that never is.
  static func literal(_ text: some StringProtocol) -> String {
    String(text).replacingCharacter("$", with: "${_ ?? $}")
  }
}
