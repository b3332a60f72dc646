import KubernetesObjects
import Redirect

/// The kubelet's calls that a strict sidecar refuses, since the kubelet has no certificate of the mesh: those over HTTP to a
/// captured port, where they are not sent through the sidecar.
enum RefusedProbes {
  static func warn(_ app: AppContainer, served: PortSet, _ warnings: inout [String]) {
    let lifecycle = app.view["lifecycle"]
    for slot in AppProbes.Slot.allCases {
      guard let owner = slot.isLifecycle ? lifecycle?[slot.rawValue] : app.view[slot.rawValue], owner.kind == .object,
        // A connection is all that `tcpSocket` asks for, and it gets one.
        let handler = AppProbeHandler(owner, container: app), handler.kind != "tcpSocket",
        let port = handler.port, served.contains(port)
      else { continue }
      warnings.append(
        """
        container \(quoted(app.view.string(of: "name") ?? "", limit: 30)): \(slot.rawValue) fails: port \(port) takes no \
        plaintext, mtls is strict
        """
      )
    }
  }
}

extension PortSet {
  fileprivate func contains(_ port: Int) -> Bool {
    switch self {
    case .all: true
    case .ports(let ranges): ranges.contains { Int($0.first) <= port && port <= Int($0.last) }
    }
  }
}
