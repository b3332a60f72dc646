import KubernetesObjects
import Redirect
import Testing

extension RedirectOptions {
  /// Flags and their values, as a golden case has them.
  init(flags: JSONValue) throws {
    self.init()
    for (flag, value) in try #require(flags.object) {
      let text = value.string ?? ""
      switch flag {
      case RedirectFlag.proxyUID: proxyUID = try #require(RedirectValue.user(text))
      case RedirectFlag.proxyGID: proxyGID = try #require(RedirectValue.user(text))
      case RedirectFlag.outboundPort: outboundPort = try #require(RedirectValue.port(text))
      case RedirectFlag.inboundPort: inboundPort = try #require(RedirectValue.port(text))
      case RedirectFlag.mtlsPort: mtlsPort = try #require(RedirectValue.port(text))
      case RedirectFlag.ownPorts: ownPorts = try #require(RedirectValue.list(text, RedirectValue.port))
      case RedirectFlag.inboundPorts: inboundPorts = try #require(RedirectValue.portSet(text))
      case RedirectFlag.outboundPorts: outboundPorts = try #require(RedirectValue.portSet(text))
      case RedirectFlag.excludeInboundPorts: excludeInboundPorts = try #require(RedirectValue.ports(text))
      case RedirectFlag.excludeOutboundPorts: excludeOutboundPorts = try #require(RedirectValue.ports(text))
      case RedirectFlag.includeOutboundCIDRs: includeOutboundCIDRs = try #require(RedirectValue.cidrs(text))
      case RedirectFlag.excludeOutboundCIDRs: excludeOutboundCIDRs = try #require(RedirectValue.cidrs(text))
      case RedirectFlag.excludeInterfaces: excludeInterfaces = try #require(RedirectValue.interfaces(text))
      case RedirectFlag.excludeUIDs: excludeUIDs = try #require(RedirectValue.users(text))
      case RedirectFlag.excludeGIDs: excludeGIDs = try #require(RedirectValue.users(text))
      case RedirectFlag.dropInvalid: dropInvalid = value.bool == true
      default: Issue.record("no flag is called \(flag)")
      }
    }
  }

  /// What loads them where nothing is, by backend and family, and what is said of them.
  var golden: JSONValue {
    var object: JSONObject = [:]
    for family in AddressFamily.allCases {
      let rules = RuleSet(self, family)
      object["iptables \(family.rawValue)"] = lines(IPTablesState().transaction(to: IPTablesState(rules)))
      object["nftables \(family.rawValue)"] = lines(NFTablesState(family).transaction(to: NFTablesState(rules)))
    }
    object["account"] = .array(account(AddressFamily.allCases).map(JSONValue.string))
    object["warnings"] = .array(warnings.map(JSONValue.string))
    return .object(object)
  }

  private func lines(_ text: String?) -> JSONValue {
    .array((text ?? "").split(separator: "\n").map { .string(String($0)) })
  }
}
