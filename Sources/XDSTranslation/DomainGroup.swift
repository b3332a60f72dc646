import KubernetesObjects

/// Domains of a virtual host that one set of APISIX routes can stand for.
///
/// Envoy compares the whole authority, port and all; APISIX's host tree takes nginx's `$host`, which has none. So domains
/// come in groups of the same ports, and a condition on the port goes along. The tree prefers as Envoy does: the exact
/// name, then the longest suffix. A prefix (`shop.*`) and `*` it does not know: those go without a host, where only
/// priorities decide, and a host without a match falls through to them.
struct DomainGroup: Sendable, Hashable {
  enum Hosts: Sendable, Hashable {
    /// Exact names and suffixes (`*.example`), sorted.
    case named([String])
    case prefix(String)
    case any
  }

  let hosts: Hosts
  let ports: Ports

  /// Which ports the authority may name.
  enum Ports: Sendable, Hashable {
    case any
    /// The empty text stands for no port.
    case only(Set<String>)

    var condition: Expression {
      guard case .only(let ports) = self else { return Expression() }
      let named = ports.filter { !$0.isEmpty }.sorted()
      // An IPv6 address has colons, but then it ends with a bracket.
      let none = ports.contains("") ? ["^[^:]*", #"\]"#] : []
      return .matches("http_host", "(?:" + (none + named.map { ":" + $0 }).joined(separator: "|") + #")\z"#)
    }
  }

  /// Routes of different groups that have no host compete by priority alone: each group has a band of its own, the longer
  /// prefix above the shorter, all above `*`.
  static let band = 1_000_000

  var basePriority: Int {
    if case .prefix(let prefix) = hosts { return min(prefix.utf8.count, 1000) * Self.band }
    return 0
  }

  /// What has to hold beside the host that the tree compares.
  var condition: Expression {
    switch hosts {
    case .named: return ports.condition
    case .any: return Expression()
    case .prefix(let prefix):
      return .matches("http_host", "^" + Pattern.literal(prefix) + ".", ignoringCase: true)
    }
  }

  /// What is done about the port of an authority before it is compared.
  enum PortHandling: Sendable, Hashable {
    case compared
    case ignored
    /// The listener's own is taken off.
    case withoutOwn(Set<String>)
  }

  /// Groups in a fixed order.
  static func groups(of domains: [String], ports handling: PortHandling, notes: inout Notes) -> [DomainGroup] {
    var ports: [String: Set<String>] = [:]
    var prefixes: Set<String> = []
    var isDefault = false
    for domain in domains {
      let domain = domain.lowercased()
      if domain == "*" {
        isDefault = true
      } else if domain.utf8.last == UInt8(ascii: "*"), domain.utf8.first != UInt8(ascii: "*") {
        prefixes.insert(String(domain.dropLast()))
      } else {
        let (host, port) = split(domain)
        if isHost(host) {
          ports[host, default: []].insert(port)
        } else {
          notes.add(.domains, "\(domain) is no host name that APISIX takes")
        }
      }
    }
    var named: [Ports: [String]] = [:]
    for (host, ports) in ports {
      switch handling {
      // What names a port is not found then.
      case .ignored: if ports.contains("") { named[.any, default: []].append(host) }
      case .compared: named[.only(ports), default: []].append(host)
      case .withoutOwn(let own):
        let left = ports.subtracting(own)
        if !left.isEmpty { named[.only(left.contains("") ? left.union(own) : left), default: []].append(host) }
      }
    }
    return named.map { DomainGroup(hosts: .named($1.sorted()), ports: $0) }.sorted { $0.label < $1.label }
      + prefixes.sorted().map { DomainGroup(hosts: .prefix($0), ports: .any) }
      + (isDefault ? [DomainGroup(hosts: .any, ports: .any)] : [])
  }

  /// Tells the group from the others of its virtual host.
  var label: String {
    switch hosts {
    case .named(let names): names.first ?? ""
    case .prefix(let prefix): prefix + "*"
    case .any: "*"
    }
  }

  private static func split(_ domain: String) -> (host: String, port: String) {
    guard domain.utf8.last != UInt8(ascii: "]"), let colon = domain.utf8.lastIndex(of: UInt8(ascii: ":")) else {
      return (domain, "")
    }
    let port = domain[domain.utf8.index(after: colon)...]
    guard !port.isEmpty, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return (domain, "") }
    return (String(domain[..<colon]), String(port))
  }

  /// The pattern of APISIX's schema: an optional asterisk in front, then at least one of these.
  private static func isHost(_ host: String) -> Bool {
    let name = host.utf8.first == UInt8(ascii: "*") ? host.utf8.dropFirst() : host.utf8[...]
    return !name.isEmpty
      && name.allSatisfy(RequestVariable.isPartOfHost)
  }
}
