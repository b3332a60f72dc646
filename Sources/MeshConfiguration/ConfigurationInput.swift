import KubernetesObjects
import KubernetesYAML

/// What a configuration is made of: a file, variables over it, flags over both.
package struct ConfigurationInput: Sendable {
  package struct File: Sendable {
    /// As problems name it.
    package var name: String
    package var text: [UInt8]

    package init(name: String, text: [UInt8]) {
      self.name = name
      self.text = text
    }
  }

  package struct Flag: Sendable {
    /// As it is spelled: `--webhook-port`.
    package var name: String
    /// Dotted key of the setting.
    package var key: String
    package var value: String

    package init(name: String, key: String, value: String) {
      self.name = name
      self.key = key
      self.value = value
    }
  }

  package var file: File?
  package var environment: [String: String]
  package var flags: [Flag]

  package init(file: File? = nil, environment: [String: String] = [:], flags: [Flag] = []) {
    self.file = file
    self.environment = environment
    self.flags = flags
  }
}

extension ConfigurationInput {
  /// The layers laid over each other; problems of the layers' own are reported.
  func tree(_ findings: inout Findings) -> SourcedValue {
    var tree = fileTree(&findings) ?? SourcedValue(.map([]), origin: .defaults)
    for setting in Setting.all {
      let variable = setting.environmentVariable
      guard let text = environment[variable] else { continue }
      tree.set(setting.path, to: Self.value(text, of: setting, origin: .environment(variable), &findings))
    }
    for flag in flags {
      let path = flag.key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      let setting = Setting.all.first { $0.path == path }
      tree.set(path, to: Self.value(flag.value, of: setting, origin: .flag(flag.name), &findings))
    }
    return tree
  }

  /// `AMESH_…` variables that no setting has, with what may have been meant. Those that Kubernetes sets for Services
  /// named amesh and amesh-… are not ours.
  var unknownVariables: [String] {
    let known = Setting.all.map(\.environmentVariable)
    return environment.keys.sorted().compactMap { name in
      guard name.hasPrefix("AMESH_"), !known.contains(name), name != "AMESH_CONFIG" else { return nil }
      guard !Self.isOfService(name, environment[name] ?? "") else { return nil }
      let suggestion = Suggestion.nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
      return "\(name): unknown variable, ignored\(suggestion)"
    }
  }

  /// `AMESH_SERVICE_HOST`, `AMESH_X_SERVICE_PORT_HTTPS`, `AMESH_PORT=tcp://…`, `AMESH_X_PORT_443_TCP_ADDR`.
  private static func isOfService(_ name: String, _ value: String) -> Bool {
    if name.hasSuffix("_SERVICE_HOST") || name.hasSuffix("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
      return true
    }
    if name.hasSuffix("_PORT") { return value.contains("://") || isOfService(String(name.dropLast(5)), "") }
    return ["_TCP", "_UDP", "_SCTP"].contains { name.contains($0) } && name.contains("_PORT_")
  }

  private func fileTree(_ findings: inout Findings) -> SourcedValue? {
    guard let file else { return nil }
    do {
      let documents = try YAMLDocument.stream(file.text)
      guard let first = documents.first, documents.count == 1 else {
        let message = "holds \(documents.count) documents; a configuration is one"
        findings.report(message, at: .file(file.name, SourceMark(line: 1, column: 1)), key: "")
        return nil
      }
      var tree = SourcedValue(first, file: file.name)
      Self.checkHeader(&tree, &findings)
      return tree
    } catch {
      let mark = error.mark ?? SourceMark(line: 1, column: 1)
      findings.report(error.message, at: .file(file.name, mark), key: "")
      return nil
    }
  }

  /// Checks and removes apiVersion and kind.
  private static func checkHeader(_ tree: inout SourcedValue, _ findings: inout Findings) {
    guard case .map(let members) = tree.content else {
      findings.report("a configuration is a mapping with apiVersion, kind, mesh, server", at: tree.origin, key: "")
      tree.content = .map([])
      return
    }
    for (key, expected) in [("apiVersion", Configuration.apiVersion), ("kind", Configuration.kind)] {
      guard let value = tree[key] else {
        findings.report("missing; write \(key): \(expected)", at: tree.origin, key: key)
        continue
      }
      if value.value != .string(expected) {
        let refusal = Refusal(value.value, isNot: "what this version reads", use: expected)
        findings.report(refusal.message, at: value.origin, key: key)
      }
    }
    tree.content = .map(members.filter { $0.key != "apiVersion" && $0.key != "kind" })
  }

  private static func value(
    _ text: String,
    of setting: Setting?,
    origin: ConfigurationOrigin,
    _ findings: inout Findings
  ) -> SourcedValue {
    guard let setting, !setting.isScalar else { return SourcedValue(.text(text), origin: origin) }
    do {
      let documents = try YAMLDocument.stream(Array(text.utf8))
      return SourcedValue(documents.first?.value ?? .null, origin: origin)
    } catch {
      findings.report(error.message, at: origin, key: setting.key)
      return SourcedValue(.scalar(.null), origin: origin)
    }
  }
}

extension SourcedValue {
  /// A value whose parts all have the same origin.
  fileprivate init(_ value: JSONValue, origin: ConfigurationOrigin) {
    switch value {
    case .array(let elements):
      self.init(.list(elements.map { SourcedValue($0, origin: origin) }), origin: origin)
    case .object(let object):
      let members = object.map { Member(key: $0.0, keyOrigin: origin, value: SourcedValue($0.1, origin: origin)) }
      self.init(.map(members), origin: origin)
    default:
      self.init(.scalar(value), origin: origin)
    }
  }
}
