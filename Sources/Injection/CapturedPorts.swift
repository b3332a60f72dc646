import KubernetesObjects

/// Which of the Pod's own ports are captured when no annotation says: those that it declares as HTTP or gRPC, by the
/// port's name (`http`, `http-admin`, `http2`, `grpc`, `grpc-web` …), which is how Services and Istio tell protocols.
enum CapturedPorts {
  static func declared(by containers: [JSONView]) -> [PortRange] {
    var numbers: [UInt16] = []
    for container in containers {
      guard let list = container["ports"] else { continue }
      for port in list.elements where isTCP(port) && isHTTP(port) {
        guard let number = port["containerPort"]?.integer, let number = UInt16(exactly: number), number > 0 else {
          continue
        }
        numbers.append(number)
      }
    }
    numbers.sort()
    let repeated = zip(numbers.dropFirst(), numbers).contains { $0 == $1 }
    return (repeated ? Set(numbers).sorted() : numbers).map(PortRange.init)
  }

  private static func isTCP(_ port: JSONView) -> Bool {
    port["protocol"].map { $0.isNull || $0.equals("TCP") } ?? true
  }

  private static func isHTTP(_ port: JSONView) -> Bool {
    guard let name = port["name"] else { return false }
    return protocols.contains { name.equals($0) } || prefixes.contains { name.hasPrefix($0) }
  }

  private static let protocols = ["http", "http2", "grpc"]
  private static let prefixes = protocols.map { $0 + "-" }
}
