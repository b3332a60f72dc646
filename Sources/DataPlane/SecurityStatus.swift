package import SidecarIdentity
package import XDSClient

/// What a sidecar's mutual TLS is at.
package struct SecurityStatus: Sendable {
  package var mode: SidecarSecurity.Mode
  package var identity: IdentityStatus
  package var upstreams: MeshSecurity.Counts
  package var lacksNames: Bool
}

extension IdentityStatus {
  func map(_ security: SidecarSecurity?, _ counts: MeshSecurity.Counts, lacksNames: Bool) -> SecurityStatus? {
    security.map { SecurityStatus(mode: $0.mode, identity: self, upstreams: counts, lacksNames: lacksNames) }
  }
}
