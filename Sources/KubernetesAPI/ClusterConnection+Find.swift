extension ClusterConnection {
  /// The way to the cluster that is meant: by the kubeconfig that is named, by `KUBECONFIG`, as a Pod of it, by the
  /// person's own kubeconfig; the first that is there.
  ///
  /// - Parameters:
  ///   - kubeconfig: path that a flag named.
  ///   - context: nil for the current one.
  ///   - allowingInsecure: whether a kubeconfig may switch off that the server is checked.
  package static func find(
    kubeconfig: String? = nil,
    context: String? = nil,
    environment: [String: String],
    allowingInsecure: Bool = false
  ) throws(ClusterConnectionError) -> ClusterConnection {
    let merge = { (paths: [String], required: Bool) throws(ClusterConnectionError) -> ClusterConnection? in
      guard let configuration = try Kubeconfig.load(paths, required: required) else { return nil }
      return try configuration.connection(context: context, allowingInsecure: allowingInsecure)
    }
    if let kubeconfig, let connection = try merge([kubeconfig], true) { return connection }
    if let paths = environment["KUBECONFIG"], !paths.isEmpty {
      let list = paths.split(separator: ":").map { String($0) }
      if let connection = try merge(list, false) { return connection }
      throw ClusterConnectionError("KUBECONFIG names no file that is there: \(paths); mend or unset it")
    }
    if let connection = try inCluster(environment: environment) { return connection }
    if let home = environment["HOME"], let connection = try merge(["\(home)/.kube/config"], false) {
      return connection
    }
    throw ClusterConnectionError("no cluster: this is no Pod, and there is no kubeconfig; set KUBECONFIG")
  }
}
