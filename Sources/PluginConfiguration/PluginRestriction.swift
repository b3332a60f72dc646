import KubernetesObjects

/// What no config may do, since mutual TLS, identities and the Pod's key hang on it: whoever writes configs in a namespace
/// need not be whom the key of its Pods is for. Judged at admission, by the controller and offline; and in the sidecar,
/// which relies on none of these but for code: whether that is let in is the mesh's to say.
package enum PluginRestriction {
  /// Headers that say who calls, and which port is meant: those who read them rely on the mesh having written them.
  private static let headers: Set = ["x-forwarded-client-cert", "x-amesh-port"]

  /// Plugins that run what their config says. Templates of body-transformer are Lua.
  private static let code: Set = [
    "body-transformer", "mcp-bridge", "serverless-post-function", "serverless-pre-function",
  ]

  /// Plugins with connections of their own in the place of those that the mesh verifies.
  private static let bypasses: Set = ["dubbo-proxy", "example-plugin", "ext-plugin-post-resp", "http-dubbo"]

  /// Plugins that write headers of responses only.
  private static let responders: Set = ["cors", "response-rewrite"]

  /// By plugin: settings with headers that are read, or sent to others than the application.
  private static let readers: [String: Set<String>] = [
    "forward-auth": ["client_headers", "request_headers"],
    "request-validation": ["header_schema"],
  ]

  /// - Parameter path: of the plugin: `spec.plugins[0]`.
  package static func problems(
    of plugin: PluginEntry,
    at path: String,
    codePlugins: PluginConfigCheck.CodePlugins = .deny
  ) -> [PluginConfigProblem] {
    // What the runner's plugins do is up to who has put the runner into the sidecar's image.
    guard plugin.key.phase == .route else { return [] }
    let name = plugin.key.name
    if let problem = problem(ofName: name, codePlugins) { return [PluginConfigProblem("\(path).name", problem)] }
    var look = PluginLook(plugin: name, codePlugins: codePlugins)
    for (setting, value) in plugin.config.object ?? [:] {
      look.writesHeaders = !responders.contains(name) && readers[name]?.contains(setting) != true
      look.take(setting, value, in: "\(path).config")
    }
    return look.problems
  }

  /// What the sidecar refuses, in one line for those who know which plugin it is about.
  package static func refusal(of plugin: PluginEntry) -> String? {
    let problems = problems(of: plugin, at: "", codePlugins: .allow)
    return problems.isEmpty ? nil : problems.map { "\($0.path.dropFirst()): \($0.message)" }.joined(separator: "; ")
  }

  private static func problem(ofName name: String, _ codePlugins: PluginConfigCheck.CodePlugins) -> String? {
    if name == "amesh" || name.hasPrefix("amesh-") {
      return "\(name) is the mesh's own: plugins whose names begin so are not for configs"
    }
    if codePlugins == .deny, code.contains(name) {
      return "\(name) runs what its config says, beside the Pod's key: \(cure)"
    }
    if bypasses.contains(name) { return "\(name) sends requests past the mesh's mutual TLS" }
    return nil
  }

  /// For code.
  fileprivate static let cure = """
    put a plugin of yours into the sidecar's image, or have the mesh allow code (plugins.codePlugins)
    """

  /// By name, wherever it stands: which of its settings become headers is each plugin's own.
  fileprivate static func header(in text: String) -> String? {
    // As `NAME: VALUE`, too. Applications of CGI's kind take an underscore for a hyphen.
    let name = text.prefix { $0 != ":" }.filter { !$0.isWhitespace }.lowercased().replacing("_", with: "-")
    return headers.contains(name) ? name : nil
  }
}

/// A look through the settings of one plugin.
private struct PluginLook {
  let plugin: String
  let codePlugins: PluginConfigCheck.CodePlugins
  /// Whether what is named may be a header of the request on its way to the application.
  var writesHeaders = true
  var problems: [PluginConfigProblem] = []

  init(plugin: String, codePlugins: PluginConfigCheck.CodePlugins) {
    self.plugin = plugin
    self.codePlugins = codePlugins
  }

  mutating func take(_ member: String, _ value: JSONValue, in parent: String) {
    let path = "\(parent).\(member.prefix(80))"
    // Of any plugin: APISIX calls it first.
    if member == "pre_function", parent.hasSuffix("._meta") {
      if codePlugins == .deny {
        refuse(path, "would run as code, beside the Pod's key: \(PluginRestriction.cure)")
      }
    } else if plugin == "traffic-split", member == "upstream" {
      refuse(path, "would be sent to past the mesh's mutual TLS: split by the mesh's routes, such as a VirtualService")
    } else {
      take(name: member, path)
      take(value, path)
    }
  }

  private mutating func take(_ value: JSONValue, _ path: String) {
    switch value {
    case .object(let object):
      for (member, value) in object { take(member, value, in: path) }
    case .array(let elements):
      for (position, element) in zip(0..., elements) { take(element, "\(path)[\(position)]") }
    case .string(let text): take(name: text, path)
    case .null, .bool, .number: break
    }
  }

  private mutating func take(name: String, _ path: String) {
    guard writesHeaders, let header = PluginRestriction.header(in: name) else { return }
    refuse(path, "\(header) is for the mesh to write: by it applications know who calls")
  }

  private mutating func refuse(_ path: String, _ message: String) { problems.append(.init(path, message)) }
}
