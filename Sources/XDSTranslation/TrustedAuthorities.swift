import Crypto
import KubernetesObjects

/// Whom a server is verified by.
struct TrustedAuthorities: Sendable, Hashable {
  enum Source: Sendable, Hashable {
    case pem(String)
    /// A file of the sidecar's.
    case file(String)
  }

  /// By which upstreams refer to them: a hash that nobody can make that of other authorities.
  let id: String
  let source: Source

  init(_ source: Source) {
    self.source = source
    let text =
      switch source {
      case .pem(let text): "pem " + text
      case .file(let file): "file " + file
      }
    var id = ""
    for byte in SHA256.hash(data: Array(text.utf8)).prefix(16) {
      id += byte < 16 ? "0" : ""
      id += String(byte, radix: 16)
    }
    self.id = id
  }

  static func == (one: TrustedAuthorities, other: TrustedAuthorities) -> Bool { one.id == other.id }

  func hash(into hasher: inout Hasher) { hasher.combine(id) }

  fileprivate var value: JSONValue {
    switch source {
    case .pem(let text): ["text": .string(text)]
    case .file(let file): ["file": .string(file)]
    }
  }
}

/// The authorities of all upstreams, each once, as the metadata of the sidecar's plugin; made anew only where some come
/// into use, or are in use no more. The objects are there without any, so that a worker always has the plugin.
struct AuthorityBook: Sendable {
  private var byUpstream: [String: TrustedAuthorities] = [:]
  private var uses: [TrustedAuthorities: Int] = [:]
  private var isChanged = true

  mutating func set(_ authorities: TrustedAuthorities?, for upstream: String) {
    let former = byUpstream[upstream]
    guard former != authorities else { return }
    byUpstream[upstream] = authorities
    if let authorities {
      uses[authorities, default: 0] += 1
      if uses[authorities] == 1 { isChanged = true }
    }
    if let former, let count = uses[former] {
      uses[former] = count > 1 ? count - 1 : nil
      if count <= 1 { isChanged = true }
    }
  }

  /// What is to be set.
  mutating func takeChange() -> [APISIXObject] {
    guard isChanged else { return [] }
    isChanged = false
    var all = JSONObject()
    for authorities in uses.keys.sorted(by: { $0.id < $1.id }) { all[authorities.id] = authorities.value }
    let name = SidecarPlugin.upstreamName
    return [
      APISIXObject(.pluginMetadata, id: name, origin: "clusters", ["authorities": .object(all)]),
      APISIXObject(.globalRules, id: name, origin: "clusters", ["plugins": .object([name: [:]])]),
    ]
  }
}
