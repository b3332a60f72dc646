/// What one or several kubeconfig files say. Reading is pure; what they refer to is read when it is used.
package struct Kubeconfig: Sendable, Hashable {
  struct Cluster: Sendable, Hashable {
    var server = ""
    var certificateAuthority: CredentialText?
    var tlsServerName: String?
    var skipsVerification = false
    var proxy: String?
  }

  struct Context: Sendable, Hashable {
    var cluster = ""
    var user = ""
    var namespace: String?
  }

  struct User: Sendable, Hashable {
    var user = ClusterUser()
    /// What we do not do, by its name in the file.
    var unsupported: String?
  }

  var currentContext: String?
  var clusters: [String: Cluster] = [:]
  var contexts: [String: Context] = [:]
  var users: [String: User] = [:]

  package init() {}

  /// Takes in a file that comes after: what is there already stays, as with `kubectl`.
  package mutating func merge(_ later: Kubeconfig) {
    currentContext = currentContext ?? later.currentContext
    clusters.merge(later.clusters) { mine, _ in mine }
    contexts.merge(later.contexts) { mine, _ in mine }
    users.merge(later.users) { mine, _ in mine }
  }

  /// Reads the files one after the other; nil if none of them is there.
  ///
  /// - Parameter required: a missing file is an error.
  package static func load(_ paths: [String], required: Bool) throws(ClusterConnectionError) -> Kubeconfig? {
    var merged: Kubeconfig?
    for path in paths where required || SmallFile.isThere(path) {
      do {
        let file = try Kubeconfig(parsing: try SmallFile.read(path), folder: SmallFile.folder(of: path))
        if merged == nil { merged = file } else { merged?.merge(file) }
      } catch let error as SmallFile.Failure {
        throw ClusterConnectionError(error.description)
      } catch {
        throw ClusterConnectionError("kubeconfig \(path): \(error)")
      }
    }
    return merged
  }

  /// What is meant by a context.
  ///
  /// - Parameters:
  ///   - name: nil for the current one.
  ///   - allowingInsecure: whether a server may go unchecked.
  package func connection(
    context name: String? = nil,
    allowingInsecure: Bool = false
  ) throws(ClusterConnectionError) -> ClusterConnection {
    guard let name = name ?? currentContext else {
      throw ClusterConnectionError("the kubeconfig has no current-context; set it by kubectl config use-context")
    }
    guard let context = contexts[name] else {
      throw ClusterConnectionError("the kubeconfig has no context \"\(name)\"; see kubectl config get-contexts")
    }
    guard let cluster = clusters[context.cluster] else {
      throw ClusterConnectionError("context \"\(name)\" is of cluster \"\(context.cluster)\", which is not there")
    }
    let user = try user(context.user, of: name)
    if let proxy = cluster.proxy {
      throw ClusterConnectionError("proxy-url (\(proxy)) is not supported; reach \(cluster.server) without one")
    }
    let isPlain = cluster.server.lowercased().hasPrefix("http://")
    guard isPlain || cluster.server.lowercased().hasPrefix("https://") else {
      throw ClusterConnectionError("the server of cluster \"\(context.cluster)\" has to be https://HOST:PORT")
    }
    guard allowingInsecure || !(isPlain || cluster.skipsVerification) else {
      throw ClusterConnectionError(
        "cluster \"\(context.cluster)\" is used without checking who answers "
          + "(\(isPlain ? "http://" : "insecure-skip-tls-verify")); give its certificate-authority, or allow it expressly"
      )
    }
    return ClusterConnection(
      server: cluster.server,
      certificateAuthority: cluster.skipsVerification ? nil : cluster.certificateAuthority,
      tlsServerName: cluster.tlsServerName,
      isInsecure: cluster.skipsVerification,
      user: user,
      namespace: context.namespace ?? "default"
    )
  }

  private func user(_ name: String, of context: String) throws(ClusterConnectionError) -> ClusterUser {
    // A context without a user is one who shows nothing.
    guard !name.isEmpty else { return ClusterUser() }
    guard let user = users[name] else {
      throw ClusterConnectionError("context \"\(context)\" is of user \"\(name)\", who is not there")
    }
    if let field = user.unsupported {
      throw ClusterConnectionError(
        "user \"\(name)\" has \(field), which API servers and kubectl have given up; use a token, certificate or exec"
      )
    }
    return user.user
  }
}
