import KubernetesObjects

/// A port that a container declares, from 1 to 65535; what has no such number is none.
struct DeclaredPort {
  let number: UInt16
  /// Nil where there is none, or no string.
  let name: String?
  /// Nil where there is none, or no string.
  let transport: String?
  /// Whether it is TCP, said or by default.
  let isTCP: Bool

  init?(_ port: JSONView) {
    guard let number = port.integer(of: "containerPort").flatMap({ UInt16(exactly: $0) }), number > 0 else {
      return nil
    }
    self.number = number
    name = port.string(of: "name")
    let transport = port["protocol"]
    self.transport = transport?.string
    isTCP = transport.map { $0.isNull || $0.equals("TCP") } ?? true
  }

  /// All of a container, in its order.
  static func all(of container: JSONView) -> [DeclaredPort] {
    guard let list = container["ports"], list.kind == .array else { return [] }
    var ports: [DeclaredPort] = []
    ports.reserveCapacity(list.count)
    for port in list.elements {
      if let port = DeclaredPort(port) { ports.append(port) }
    }
    return ports
  }
}

/// A container of the application, with what is asked for again and again found once.
struct AppContainer {
  let view: JSONView
  /// Its position in its list.
  let index: Int
  let ports: [DeclaredPort]

  init(_ view: JSONView, index: Int) {
    self.view = view
    self.index = index
    ports = DeclaredPort.all(of: view)
  }
}
