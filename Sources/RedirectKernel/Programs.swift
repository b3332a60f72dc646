import Glibc
import Redirect

/// Where the programs of the backends are.
struct Programs {
  private let directories: [String]
  /// What the ones without a suffix are, where there is one: `iptables` may be either.
  private let plain: Backend?

  init(path: String? = nil) {
    let path = path ?? getenv("PATH").map { String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
    directories = path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
    let directories = directories
    let areComplete = ["nft", "legacy"].allSatisfy { Self.find("iptables-\($0)-restore", in: directories) != nil }
    plain = areComplete ? nil : Self.find("iptables", in: directories).flatMap { Self.kind(of: $0) }
  }

  /// What loads and prints rules of one family; a missing one by its name.
  struct Pair {
    var restore: String
    var save: String
  }

  enum Lookup {
    case found(Pair)
    case missing([String])
  }

  func iptables(_ backend: Backend, _ family: AddressFamily) -> Lookup {
    let name = family == .ipv4 ? "iptables" : "ip6tables"
    let suffix = backend == .iptablesNFT ? "-nft" : "-legacy"
    if let pair = pair("\(name)\(suffix)") { return .found(pair) }
    if plain == backend, let pair = pair(name) { return .found(pair) }
    return .missing(["\(name)\(suffix)-restore"] + (plain == nil ? ["\(name)-restore"] : []))
  }

  var nft: String? { Self.find("nft", in: directories) }

  private func pair(_ name: String) -> Pair? {
    guard let restore = Self.find("\(name)-restore", in: directories),
      let save = Self.find("\(name)-save", in: directories)
    else { return nil }
    return Pair(restore: restore, save: save)
  }

  private static func find(_ name: String, in directories: [String]) -> String? {
    directories.lazy.map { "\($0)/\(name)" }.first { path in
      var status = stat()
      return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
  }

  /// By what it says of itself; before 1.8 there was legacy only.
  private static func kind(of path: String) -> Backend? {
    guard let outcome = try? Program(path: path, arguments: ["--version"]).run(), outcome.status == 0 else {
      return nil
    }
    return outcome.output.contains("(nf_tables)") ? .iptablesNFT : .iptablesLegacy
  }
}
