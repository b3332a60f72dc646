package import CertificateAuthority
import FoundationEssentials

/// How workloads get their certificates: the `identity` part of a MeshConfig, already validated.
package struct IdentitySettings: Sendable, Equatable {
  /// Whether this process is a certificate authority at all.
  package var isEnabled = true
  package var address = "127.0.0.1"
  /// 0 takes any free port.
  package var port = 15012
  /// A Unix socket that serves the same; relative to the state directory.
  package var socket: String? = "identity.sock"
  /// DNS names and addresses of the serving certificate; empty: the Service's names and loopback.
  package var names: [String] = []
  package var leaf = Leaf()
  package var clockSkewSeconds = 300
  package var intermediateLifetimeSeconds = 7 * 86_400
  package var root = Root()
  package var tokens = Tokens()
  package var serverGeneratedKeys = ServerGeneratedKeys.allow
  /// Whether a request that asks for names which are not the caller's is refused instead of answered with the caller's.
  package var strictRequests = false
  /// Where each issued and refused certificate is told, a line of JSON each; relative to the state directory. nil: the log.
  package var auditFile: String? = "audit.log"
  package var limits = Limits()

  package init() {}

  package struct Leaf: Sendable, Equatable {
    package var lifetimeSeconds = 3600
    /// The longest that anyone gets.
    package var maximumSeconds = 86_400
    /// Whether leaves carry DNS names next to their SPIFFE ID, for peers that can't verify a URI.
    package var dnsNames = false

    package init() {}
  }

  package struct Root: Sendable, Equatable {
    package enum Custody: String, Sendable, CaseIterable {
      /// Made here, kept in the state directory.
      case directory
      /// Plugged in: files that somebody else writes.
      case files
      /// Made here, gone with the process.
      case memory
      /// In a Secret of the cluster, for all replicas: made by one of them, or plugged in by a person.
      case secret
    }

    package enum Rotation: String, Sendable, CaseIterable {
      case automatic
      case manual
    }

    package var custody = Custody.directory
    /// The directory of plugged-in files.
    package var files = "/etc/cacerts"
    package var lifetimeSeconds = 10 * 365 * 86_400
    package var prepareAheadSeconds = 30 * 86_400
    package var rotation = Rotation.automatic

    package init() {}
  }

  package struct Tokens: Sendable, Equatable {
    /// JSON Web Key Set of the cluster's token issuer; nil: no ServiceAccount token is accepted.
    package var keysFile: String?
    /// nil: what the API server says of itself, or ``usualIssuer`` where none is asked.
    package var issuer: String?
    package var audiences = ["amesh-ca"]
    /// Whether tokens that are not bound to a Pod are refused.
    package var mustBeBound = true
    /// Tokens and the identities that they stand for, for standalone use; nil: none.
    package var staticFile: String?

    /// What clusters call the issuer of their tokens where nobody says otherwise.
    package static let usualIssuer = "https://kubernetes.default.svc.cluster.local"

    package init() {}
  }

  package enum ServerGeneratedKeys: String, Sendable, CaseIterable {
    /// Who sends no request of its own gets a key that is made here.
    case allow
    case deny
  }

  package struct Limits: Sendable, Equatable {
    package var connections = 16_384
    package var connectionsPerAddress = 4096
    package var connectionAgeSeconds = 1800
    /// How long a stream may outlive the credential that opened it.
    package var streamSeconds = 3600
    package var streams = 65_536
    package var streamsPerConnection = 128
    package var streamsPerIdentity = 16_384
    package var streamsPerPod = 64

    package init() {}
  }
}

extension IdentitySettings {
  /// How long things live and how long rotation waits.
  package var rotation: RotationPolicy {
    var policy = RotationPolicy()
    policy.rootLife = TimeInterval(root.lifetimeSeconds)
    policy.prepareAhead = TimeInterval(root.prepareAheadSeconds)
    policy.intermediateLife = TimeInterval(intermediateLifetimeSeconds)
    policy.leafLife = TimeInterval(leaf.lifetimeSeconds)
    policy.leafCap = TimeInterval(leaf.maximumSeconds)
    policy.skew = TimeInterval(clockSkewSeconds)
    policy.isAutomatic = root.rotation == .automatic
    return policy
  }

  var warnings: [String] {
    guard isEnabled else { return [] }
    return rotation.cautions.map { "identity: \($0)" }
  }

  /// The names by which clients verify the server.
  package func certificateNames(controlPlaneNamespace: String) -> [String] {
    guard names.isEmpty else { return names }
    let service = "amesh.\(controlPlaneNamespace).svc"
    return [service, "\(service).cluster.local", "localhost", "127.0.0.1", "::1"]
  }
}
