import Crypto
package import EnvoyAPI
import FoundationEssentials
package import Injection
package import Redirect
package import SPIFFE
import SwiftProtobuf
package import XDSProtocol

/// The type that is served under the addresses of Pods.
package let workloadTypeURL = "type.googleapis.com/\(Amesh_Workload_V1_Workload.protoMessageName)"

/// A Pod of the mesh, as others of the mesh reach it.
package struct Workload: Sendable, Hashable {
  package var identity: WorkloadIdentity
  package var mtls: MTLSMode
  /// The application's ports that are reached by mutual TLS, where there is any.
  package var inboundPorts: [PortRange]

  package init(identity: WorkloadIdentity, mtls: MTLSMode, inboundPorts: [PortRange]) {
    self.identity = identity
    self.mtls = mtls
    self.inboundPorts = inboundPorts
  }
}

extension Workload {
  package var message: Amesh_Workload_V1_Workload {
    .with {
      $0.spiffeID = identity.description
      $0.mtlsPort = mtls == .disabled ? 0 : UInt32(MeshPorts.inboundMTLS)
      $0.mode =
        switch mtls {
        case .permissive: .permissive
        case .strict: .strict
        case .disabled: .disabled
        }
      $0.inboundPorts = inboundPorts.map { range in
        .with { ($0.first, $0.last) = (UInt32(range.first), UInt32(range.last)) }
      }
    }
  }

  /// The version is the first half of the content's SHA-256: equal on every replica and after a restart.
  package var resource: XDSResource {
    // The message holds no `Any`, no required field and no 2 GB, so that this can't fail.
    let bytes = (try? message.serializedData()) ?? Data()
    let version = SHA256.hash(data: bytes).prefix(16).map { byte in
      let text = String(byte, radix: 16)
      return byte < 16 ? "0\(text)" : text
    }
    return XDSResource(version: version.joined(), bytes: bytes)
  }
}
