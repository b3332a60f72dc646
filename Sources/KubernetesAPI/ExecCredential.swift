import FoundationEssentials
import KubernetesObjects

/// What an exec plugin answered.
struct ExecCredential: Sendable, Hashable {
  var token: String?
  var certificate: [UInt8]?
  var key: [UInt8]?
  /// Nil for one that is good until the server refuses it.
  var expires: Date?

  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  init(_ answer: [UInt8], version: ExecPlugin.Version) throws(Problem) {
    let document: JSONDocument
    do {
      document = try JSONDocument(parsing: answer)
    } catch {
      throw Problem(description: "its answer is no JSON: \(error)")
    }
    let root = document.root
    guard root.has("kind", "ExecCredential") else { throw Problem(description: "its answer is no ExecCredential") }
    guard root.has("apiVersion", version.rawValue) else {
      let found = root.string(of: "apiVersion") ?? "nothing"
      throw Problem(description: "it answered in \(found), and the kubeconfig says \(version.rawValue); make them one")
    }
    guard let status = root["status"], status.kind == .object else {
      throw Problem(description: "its answer has no status")
    }
    token = status.string(of: "token").flatMap { $0.isEmpty ? nil : $0 }
    certificate = status.string(of: "clientCertificateData").map { Array($0.utf8) }
    key = status.string(of: "clientKeyData").map { Array($0.utf8) }
    guard token != nil || (certificate != nil && key != nil) else {
      throw Problem(description: "its answer has neither a token nor a certificate with key")
    }
    guard let end = status.string(of: "expirationTimestamp") else { return }
    guard let moment = try? Date(end, strategy: .iso8601) else {
      throw Problem(description: "its expirationTimestamp is no time: \(end.prefix(64))")
    }
    expires = moment
  }
}

extension ExecPlugin {
  /// What the program finds in `KUBERNETES_EXEC_INFO`.
  ///
  /// - Parameter certificateAuthority: as PEM.
  func question(server: String, tlsServerName: String?, certificateAuthority: [UInt8]?, isInsecure: Bool) -> String {
    var spec: JSONValue = ["interactive": false]
    if wantsClusterInfo {
      var cluster: JSONValue = ["server": .string(server)]
      if let tlsServerName { cluster["tls-server-name"] = .string(tlsServerName) }
      if let certificateAuthority {
        cluster["certificate-authority-data"] = .string(Data(certificateAuthority).base64EncodedString())
      }
      if isInsecure { cluster["insecure-skip-tls-verify"] = true }
      spec["cluster"] = cluster
    }
    let question: JSONValue = ["apiVersion": .string(version.rawValue), "kind": "ExecCredential", "spec": spec]
    return String(decoding: question.serialized(), as: UTF8.self)
  }
}
