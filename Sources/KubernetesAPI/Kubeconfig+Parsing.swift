import FoundationEssentials
import KubernetesObjects
import KubernetesYAML

extension Kubeconfig {
  /// Reads one file.
  ///
  /// - Parameter folder: where it lies; relative paths in it start there.
  package init(parsing text: [UInt8], folder: String = "") throws(ClusterConnectionError) {
    let documents: [YAMLDocument]
    do {
      documents = try YAMLDocument.stream(text)
    } catch {
      throw ClusterConnectionError("\(error)")
    }
    // An empty file is a kubeconfig with nothing in it.
    guard let root = documents.first?.value else { return }
    guard documents.count == 1, root.object != nil else {
      throw ClusterConnectionError("it is no mapping; is it a kubeconfig?")
    }
    if let kind = root["kind"]?.string, kind != "Config" {
      throw ClusterConnectionError("its kind is \(kind), not Config; is it a kubeconfig?")
    }
    currentContext = root["current-context"]?.text
    clusters = try Self.named(root["clusters"], "cluster") { value throws(ClusterConnectionError) in
      try Cluster(value, folder: folder)
    }
    contexts = try Self.named(root["contexts"], "context") { value in
      Context(
        cluster: value["cluster"]?.text ?? "",
        user: value["user"]?.text ?? "",
        namespace: value["namespace"]?.text
      )
    }
    users = try Self.named(root["users"], "user") { value throws(ClusterConnectionError) in
      try User(value, folder: folder)
    }
  }

  /// `[{name: …, KIND: …}]`; of two with one name the first counts.
  private static func named<Value>(
    _ list: JSONValue?,
    _ kind: String,
    _ read: (JSONValue) throws(ClusterConnectionError) -> Value
  ) throws(ClusterConnectionError) -> [String: Value] {
    guard let list, !list.isNull else { return [:] }
    guard let elements = list.array else { throw ClusterConnectionError("\(kind)s has to be a list") }
    var values: [String: Value] = [:]
    for element in elements {
      guard let name = element["name"]?.string else { throw ClusterConnectionError("a \(kind) has no name") }
      let value = element[kind] ?? .object([:])
      do {
        if values[name] == nil { values[name] = try read(value.isNull ? .object([:]) : value) }
      } catch {
        throw ClusterConnectionError("\(kind) \"\(name)\": \(error)")
      }
    }
    return values
  }
}

extension Kubeconfig.Cluster {
  fileprivate init(_ value: JSONValue, folder: String) throws(ClusterConnectionError) {
    server = value["server"]?.text ?? ""
    certificateAuthority = try value.credential("certificate-authority", folder: folder)
    tlsServerName = value["tls-server-name"]?.text
    skipsVerification = value["insecure-skip-tls-verify"]?.bool ?? false
    proxy = value["proxy-url"]?.text
  }
}

extension Kubeconfig.User {
  fileprivate init(_ value: JSONValue, folder: String) throws(ClusterConnectionError) {
    user.certificate = try value.credential("client-certificate", folder: folder)
    user.key = try value.credential("client-key", folder: folder)
    guard (user.certificate == nil) == (user.key == nil) else {
      throw ClusterConnectionError("client-certificate and client-key go together; one of them is missing")
    }
    // A file wins, since it can be renewed.
    if let file = value["tokenFile"]?.text {
      user.token = .file(SmallFile.resolve(file, in: folder))
    } else if let token = value["token"]?.text {
      user.token = .inline(Array(token.utf8))
    }
    if let exec = value["exec"], !exec.isNull { user.plugin = try ExecPlugin(exec, folder: folder) }
    unsupported = ["username", "password", "auth-provider"].first { value[$0].map { !$0.isNull } ?? false }
  }
}

extension ExecPlugin {
  fileprivate init(_ value: JSONValue, folder: String) throws(ClusterConnectionError) {
    let spelled = value["apiVersion"]?.text ?? "nothing"
    guard let version = Version(rawValue: spelled) else {
      let known = Version.allCases.map(\.rawValue).joined(separator: " and ")
      throw ClusterConnectionError("exec speaks \(spelled); \(known) are understood: renew the plugin's configuration")
    }
    guard let command = value["command"]?.text else { throw ClusterConnectionError("exec has no command") }
    // Nobody is there to answer.
    guard value["interactiveMode"]?.text != "Always" else {
      throw ClusterConnectionError("exec asks a person (interactiveMode: Always); use credentials that ask nobody")
    }
    var environment: [String: String] = [:]
    for variable in value["env"]?.array ?? [] {
      guard let name = variable["name"]?.text else { continue }
      environment[name] = variable["value"]?.string ?? ""
    }
    self.init(
      version: version,
      command: command.contains("/") ? SmallFile.resolve(command, in: folder) : command,
      arguments: (value["args"]?.array ?? []).compactMap(\.string),
      environment: environment,
      installHint: value["installHint"]?.text,
      wantsClusterInfo: value["provideClusterInfo"]?.bool ?? false
    )
  }
}

extension JSONValue {
  /// A string that is not empty.
  fileprivate var text: String? { string.flatMap { $0.isEmpty ? nil : $0 } }

  /// `FIELD-data` in Base64, or the file that FIELD names.
  fileprivate func credential(_ field: String, folder: String) throws(ClusterConnectionError) -> CredentialText? {
    if let encoded = self["\(field)-data"]?.text {
      guard let data = Data(base64Encoded: encoded, options: .ignoreUnknownCharacters), !data.isEmpty else {
        throw ClusterConnectionError("\(field)-data is no Base64")
      }
      return .inline(Array(data))
    }
    return self[field]?.text.map { .file(SmallFile.resolve($0, in: folder)) }
  }
}
