/// Where an API server is, how it is recognised, and who we are to it.
package struct ClusterConnection: Sendable, Hashable {
  /// `https://HOST:PORT`, with a path where the server has one in front.
  package var server: String
  /// Whose certificates the server may show; nil for the system's.
  package var certificateAuthority: CredentialText?
  /// The name that the server's certificate has to be for; nil for the host's. One for the very address that we connect to
  /// is as good.
  package var tlsServerName: String?
  /// Whether anybody may be the server.
  package var isInsecure: Bool
  package var user: ClusterUser
  /// Where we are, or where a person works.
  package var namespace: String

  package init(
    server: String,
    certificateAuthority: CredentialText? = nil,
    tlsServerName: String? = nil,
    isInsecure: Bool = false,
    user: ClusterUser = ClusterUser(),
    namespace: String = "default"
  ) {
    self.server = server
    self.certificateAuthority = certificateAuthority
    self.tlsServerName = tlsServerName
    self.isInsecure = isInsecure
    self.user = user
    self.namespace = namespace
  }
}

/// Who we are to the API server: whatever is there is shown.
package struct ClusterUser: Sendable, Hashable {
  package var token: CredentialText?
  package var certificate: CredentialText?
  package var key: CredentialText?
  /// Asked for a token or a certificate where there is none.
  package var plugin: ExecPlugin?

  package init(
    token: CredentialText? = nil,
    certificate: CredentialText? = nil,
    key: CredentialText? = nil,
    plugin: ExecPlugin? = nil
  ) {
    self.token = token
    self.certificate = certificate
    self.key = key
    self.plugin = plugin
  }
}

/// A text that is given, or lies in a file and may change there.
package enum CredentialText: Sendable, Hashable {
  case inline([UInt8])
  case file(String)
}

extension CredentialText: CustomStringConvertible, CustomDebugStringConvertible {
  /// Never the text itself.
  package var description: String {
    switch self {
    case .inline(let bytes): "given, \(bytes.count) bytes"
    case .file(let path): path
    }
  }

  package var debugDescription: String { description }
}

/// Why there is no way to a cluster; the description says what to do.
package struct ClusterConnectionError: Error, Sendable, Hashable, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}
