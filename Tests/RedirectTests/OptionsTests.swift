import AmeshTesting
import KubernetesObjects
import Redirect
import Testing

@Suite struct OptionsTests {
  @Test func `what can't be meant is told with a cure`() {
    var options = RedirectOptions()
    #expect(options.problems == [])
    options.inboundPort = options.outboundPort
    options.ownPorts = [15020, 15020, 0]
    options.proxyUID = 0
    #expect(options.problems.count == 4)
    #expect(options.problems.contains("--inbound-port and --outbound-port are both 19080; give each a port of its own"))
    #expect(options.problems.contains { $0.hasPrefix("--proxy-uid=0: everything that runs as root would bypass") })
  }

  @Test func `what may surprise is warned of`() {
    var options = RedirectOptions()
    #expect(options.warnings.count == 1)
    options.inboundPorts = .all
    options.outboundPorts = .all
    #expect(options.warnings.count == 2)
    options.inboundPorts = .ports([PortRange(19081), PortRange(8080)])
    options.outboundPorts = .ports([PortRange(80)])
    #expect(options.warnings == ["--inbound-ports names 19081, which is the sidecar's own: it is left alone"])
    // Nothing remains of these.
    options.inboundPorts = .ports([])
    options.excludeOutboundPorts = [PortRange(80)]
    #expect(options.warnings.contains { $0.hasPrefix("nothing is captured") })
  }

  @Test(arguments: GoldenTests.names) func `words of a command line say the same as the options`(name: String) throws {
    let options = try RedirectOptions(flags: GoldenTests.folder.input(name))
    var flags = JSONObject()
    for word in options.arguments {
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      flags[String(parts[0])] = parts.count == 2 ? .string(String(parts[1])) : true
    }
    let again = try RedirectOptions(flags: .object(flags))
    #expect(again == options)
  }

  @Test(arguments: ["", "eth0\n", "a b", "-e", ".", "..", "+", "abcdefghijklmnop", "eth0;", "eth\"0", "eth*", "e/0"])
  func `a name that no interface should have is refused`(name: String) {
    #expect(!RedirectValue.isInterfaceName(name))
  }

  @Test(arguments: ["eth0", "net+", "tun0.5", "a_b@c", "abcdefghijklmno"])
  func `a name that an interface may have is taken`(name: String) {
    #expect(RedirectValue.isInterfaceName(name))
  }

  @Test func `long accounts are short`() {
    var options = RedirectOptions()
    options.outboundPorts = .ports((0..<40).map { PortRange(1000 + 2 * $0) })
    let account = options.account([.ipv4]).joined(separator: "\n")
    #expect(account.contains("1022 and 28 more anywhere goes to port 19080 first."))
  }
}
