/// The rules for one family, whatever program is going to load them.
package struct RuleSet: Sendable, Equatable {
  package var family: AddressFamily
  var chains: [Chain]

  package var isEmpty: Bool { chains.isEmpty }
}

struct Chain: Sendable, Equatable {
  var name: ChainName
  var rules: [Rule]
}

/// Our chains, by table and by where they are entered.
enum ChainName: String, Sendable, CaseIterable {
  case invalid
  case prerouting
  case inbound
  case inRedirect = "in_redirect"
  case output
  case outbound
  case outRedirect = "out_redirect"

  enum Table: String, Sendable, CaseIterable {
    case mangle
    case nat
  }

  var table: Table { self == .invalid ? .mangle : .nat }

  /// The kernel's hook that leads into it; nil: other chains of ours do.
  var hook: Hook? {
    switch self {
    case .invalid, .prerouting: .prerouting
    case .output: .output
    default: nil
    }
  }

  enum Hook: String, Sendable {
    case prerouting
    case output
  }
}

/// All matches must hold; a list holds if one of it does. Rules see TCP only.
struct Rule: Sendable, Equatable {
  var matches: [Match] = []
  var verdict: Verdict

  enum Match: Sendable, Equatable {
    case notFromLoopback
    case notToLoopback
    case destinations([AddressRange])
    case incoming(String)
    case outgoing(String)
    case users([UInt32])
    case groups([UInt32])
    case ports([PortRange])
    case isInvalid
  }

  enum Verdict: Sendable, Equatable {
    /// Leave it alone, as far as this chain is concerned.
    case leave
    case drop
    case jump(ChainName)
    case redirect(UInt16)
  }
}
