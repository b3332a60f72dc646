import ArgumentParser
import KubernetesObjects
import Redirect

/// The flags that say what is redirected, those of Amesh's first init program among them.
struct RedirectFlags: ParsableArguments {
  @Option(name: [.customLong(RedirectFlag.proxyUID), .customLong("apisix-user")], help: "The sidecar's numeric user.")
  var proxyUID = "1337"

  @Option(name: .customLong(RedirectFlag.proxyGID), help: "The sidecar's numeric group.")
  var proxyGID = "1337"

  @Option(
    name: [.customLong(RedirectFlag.outboundPort), .customLong("apisix-port")],
    help: "Where the sidecar takes what the application sends."
  )
  var outboundPort = "19080"

  @Option(
    name: [.customLong(RedirectFlag.inboundPort), .customLong("apisix-inbound-capture-port")],
    help: "Where it takes what comes for the application."
  )
  var inboundPort = "19081"

  @Option(name: .customLong(RedirectFlag.mtlsPort), help: "Where it takes TLS of the mesh; never redirected.")
  var mtlsPort = "19443"

  @Option(name: .customLong(RedirectFlag.ownPorts), help: "Its ports for metrics and health; never redirected inbound.")
  var ownPorts = "15020,15021"

  @Option(
    name: .customLong(RedirectFlag.inboundPorts),
    help: "The Pod's ports that are captured, such as 8080,9000-9010, or * for all; none by default."
  )
  var inboundPorts = ""

  @Option(
    name: .customLong(RedirectFlag.outboundPorts),
    help: "Destination ports that are captured, or * for all; none by default."
  )
  var outboundPorts = ""

  @Option(
    name: [.customLong(RedirectFlag.excludeInboundPorts), .customLong("inbound-exclude-ports")],
    help: "The Pod's ports that are not, of those."
  )
  var excludeInboundPorts = ""

  @Option(
    name: [.customLong(RedirectFlag.excludeOutboundPorts), .customLong("outbound-exclude-ports")],
    help: "Destination ports that are not, of those."
  )
  var excludeOutboundPorts = ""

  @Option(
    name: .customLong(RedirectFlag.includeOutboundCIDRs),
    help: "The only destinations that are captured, such as 10.0.0.0/8,fd00::/8; any by default."
  )
  var includeOutboundCIDRs = ""

  @Option(name: .customLong(RedirectFlag.excludeOutboundCIDRs), help: "Destinations that are never captured.")
  var excludeOutboundCIDRs = ""

  @Option(
    name: .customLong(RedirectFlag.excludeInterfaces),
    help: "Interfaces whose traffic is left alone, such as eth1,net+."
  )
  var excludeInterfaces = ""

  @Option(name: .customLong(RedirectFlag.excludeUIDs), help: "Numeric users whose traffic is left alone.")
  var excludeUIDs = ""

  @Option(name: .customLong(RedirectFlag.excludeGIDs), help: "Numeric groups whose traffic is left alone.")
  var excludeGIDs = ""

  @Flag(name: .customLong(RedirectFlag.dropInvalid), help: "Drop packets that belong to no connection.")
  var dropInvalid = false

  @Option(name: .customLong("inbound-interception-mode"), help: .hidden)
  var interceptionMode = "REDIRECT"

  var options: RedirectOptions {
    get throws {
      guard interceptionMode == "REDIRECT" else {
        throw ValidationError("--inbound-interception-mode \(interceptionMode): only REDIRECT is there")
      }
      var options = RedirectOptions()
      options.proxyUID = try user(proxyUID, RedirectFlag.proxyUID)
      options.proxyGID = try user(proxyGID, RedirectFlag.proxyGID)
      options.outboundPort = try port(outboundPort, RedirectFlag.outboundPort)
      options.inboundPort = try port(inboundPort, RedirectFlag.inboundPort)
      options.mtlsPort = try port(mtlsPort, RedirectFlag.mtlsPort)
      options.ownPorts = try value(
        RedirectValue.list(ownPorts, RedirectValue.port),
        ownPorts,
        RedirectFlag.ownPorts,
        "ports such as 15020,15021"
      )
      options.inboundPorts = try portSet(inboundPorts, RedirectFlag.inboundPorts)
      options.outboundPorts = try portSet(outboundPorts, RedirectFlag.outboundPorts)
      options.excludeInboundPorts = try ports(excludeInboundPorts, RedirectFlag.excludeInboundPorts)
      options.excludeOutboundPorts = try ports(excludeOutboundPorts, RedirectFlag.excludeOutboundPorts)
      options.includeOutboundCIDRs = try cidrs(includeOutboundCIDRs, RedirectFlag.includeOutboundCIDRs)
      options.excludeOutboundCIDRs = try cidrs(excludeOutboundCIDRs, RedirectFlag.excludeOutboundCIDRs)
      options.excludeInterfaces = try value(
        RedirectValue.interfaces(excludeInterfaces),
        excludeInterfaces,
        RedirectFlag.excludeInterfaces,
        "interface names such as eth1,net+ (at most 15 characters each)"
      )
      options.excludeUIDs = try users(excludeUIDs, RedirectFlag.excludeUIDs)
      options.excludeGIDs = try users(excludeGIDs, RedirectFlag.excludeGIDs)
      options.dropInvalid = dropInvalid
      return options
    }
  }
}

// Each reads one flag, or says what it should hold.
private func value<Value>(_ value: Value?, _ text: String, _ flag: String, _ expected: String) throws -> Value {
  guard let value else { throw ValidationError("--\(flag) \(text.prefix(100)): use \(expected)") }
  return value
}

private func user(_ text: String, _ flag: String) throws -> UInt32 {
  try value(RedirectValue.user(text), text, flag, "a number such as 1337: names mean others in every image")
}

private func users(_ text: String, _ flag: String) throws -> [UInt32] {
  try value(RedirectValue.users(text), text, flag, "numbers such as 999,1001")
}

private func port(_ text: String, _ flag: String) throws -> UInt16 {
  try value(RedirectValue.port(text), text, flag, "a port from 1 to 65535")
}

private func ports(_ text: String, _ flag: String) throws -> [PortRange] {
  try value(RedirectValue.ports(text), text, flag, "ports and ranges such as 8080,9000-9010")
}

private func portSet(_ text: String, _ flag: String) throws -> PortSet {
  try value(RedirectValue.portSet(text), text, flag, "ports and ranges such as 8080,9000-9010, or * for all")
}

private func cidrs(_ text: String, _ flag: String) throws -> [CIDR] {
  try value(RedirectValue.cidrs(text), text, flag, "networks such as 10.0.0.0/8,fd00::/8")
}
