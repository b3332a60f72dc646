extension ClusterConnection {
  /// Where Kubernetes mounts a Pod's own ServiceAccount.
  package static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

  /// The way to the cluster that we are a Pod of; nil outside of one.
  ///
  /// - Parameters:
  ///   - environment: of the process.
  ///   - read: gives a file's bytes; nil where there is none.
  package static func inCluster(
    environment: [String: String],
    folder: String = serviceAccountFolder,
    read: (String) -> [UInt8]? = { try? SmallFile.read($0) }
  ) throws(ClusterConnectionError) -> ClusterConnection? {
    guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
      let port = environment["KUBERNETES_SERVICE_PORT"], !port.isEmpty
    else { return nil }
    guard let number = UInt16(port), number > 0 else {
      throw ClusterConnectionError("KUBERNETES_SERVICE_PORT is \"\(port)\", which is no port; unset it or mend it")
    }
    guard read("\(folder)/token") != nil, read("\(folder)/ca.crt") != nil else {
      throw ClusterConnectionError(
        "\(folder) has no token and ca.crt; set automountServiceAccountToken: true for this Pod"
      )
    }
    let namespace = read("\(folder)/namespace").map { String(decoding: $0, as: UTF8.self) } ?? ""
    let trimmed = namespace.split(whereSeparator: \.isWhitespace).first.map { String($0) }
    return ClusterConnection(
      // An address of version 6 comes without brackets.
      server: "https://\(host.contains(":") ? "[\(host)]" : host):\(number)",
      certificateAuthority: .file("\(folder)/ca.crt"),
      user: ClusterUser(token: .file("\(folder)/token")),
      namespace: trimmed ?? "default"
    )
  }
}
