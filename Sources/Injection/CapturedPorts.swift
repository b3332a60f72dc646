import Redirect

/// Which of the Pod's own ports are captured when no annotation says: those that it declares as HTTP or gRPC, by the
/// port's name (`http`, `http-admin`, `http2`, `grpc`, `grpc-web` …), which is how Services and Istio tell protocols.
enum CapturedPorts {
  static func declared(by containers: some Sequence<[DeclaredPort]>) -> [PortRange] {
    var numbers: [UInt16] = []
    for ports in containers {
      for port in ports where port.isTCP && isHTTP(port) { numbers.append(port.number) }
    }
    numbers.sort()
    var ranges: [PortRange] = []
    ranges.reserveCapacity(numbers.count)
    for number in numbers where ranges.last?.first != number { ranges.append(PortRange(number)) }
    return ranges
  }

  private static func isHTTP(_ port: DeclaredPort) -> Bool {
    guard let name = port.name else { return false }
    switch name.utf8.firstIndex(of: UInt8(ascii: "-")).map({ name[..<$0] }) ?? name[...] {
    case "http", "http2", "grpc": return true
    default: return false
    }
  }
}
