import KubernetesObjects

extension ExecPlugin {
  /// Asks the program.
  func run(
    for connection: ClusterConnection,
    environment: [String: String],
    timeLimit: Duration
  ) async throws(APIError) -> ExecCredential {
    do {
      let authority = try connection.certificateAuthority?.read()
      var variables = environment.merging(self.environment) { _, mine in mine }
      variables["KUBERNETES_EXEC_INFO"] = question(
        server: connection.server,
        tlsServerName: connection.tlsServerName,
        certificateAuthority: authority,
        isInsecure: connection.isInsecure
      )
      guard let path = Self.find(command, in: variables["PATH"]) else {
        let hint = installHint.map { "; \($0.prefix(500))" } ?? ""
        throw ExecProcess.Failure(description: "there is no such program\(hint)")
      }
      let answer = try await ExecProcess.output(of: path, arguments, environment: variables, timeLimit: timeLimit)
      return try ExecCredential(answer, version: version)
    } catch is CancellationError {
      throw .transport(TransportError(.cancelled, ""))
    } catch {
      throw .transport(TransportError(.credentials, "exec plugin \(command): \(error)"))
    }
  }

  static func find(_ command: String, in path: String?) -> String? {
    if command.contains("/") { return SmallFile.isExecutable(command) ? command : nil }
    return (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
      .map { "\($0)/\(command)" }
      .first { SmallFile.isExecutable($0) }
  }
}
