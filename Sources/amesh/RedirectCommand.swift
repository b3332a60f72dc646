import ArgumentParser
import KubernetesObjects
import Redirect
import RedirectKernel

struct RedirectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "redirect",
    abstract: "Send the TCP of this network namespace through the sidecar.",
    discussion: """
      The init container's program. It makes the rules of the kernel what the flags ask for: run again it changes \
      nothing, run with other flags it replaces its own rules at once, and it never touches anyone else's. Without ports \
      nothing is captured. It needs the capabilities NET_ADMIN and NET_RAW, and no file that can be written.

      Exit codes: 0 done, 1 not done or a probe of --verify failed, 64 flags that can't be meant.

      Examples:
        amesh redirect --inbound-ports 8080 --outbound-ports 80,8080 --dry-run
        amesh redirect --inbound-ports 8080 --outbound-ports 80,8080 --verify
        amesh redirect --cleanup
      """
  )

  @OptionGroup(title: "What is redirected") var flags: RedirectFlags

  @Option(help: "iptables-nft, iptables-legacy or nft; auto: what the namespace uses already, or what works.")
  var backend = BackendName.auto

  @Option(help: "Rules for IPv6: auto (where the namespace has an address of it), always or never.")
  var ipv6 = Redirector.IPv6.auto

  @Flag(help: "Print what would be loaded, and what it does, and change nothing.")
  var dryRun = false

  @Flag(help: "Remove every rule of ours, of any backend.")
  var cleanup = false

  @Flag(help: "Then send connections and see whether they arrive where they should; the sidecar must not run yet.")
  var verify = false

  @Option(name: [.customShort("o"), .long], help: "text or json.")
  var output = AuthorityOutput.text

  func validate() throws {
    if [dryRun, cleanup, verify].count(where: { $0 }) > 1 {
      throw ValidationError("--dry-run, --cleanup and --verify: use one of them")
    }
    let problems = try flags.options.problems
    if !problems.isEmpty { throw ValidationError(problems.joined(separator: "\n")) }
  }

  func run() async throws {
    try await reportingFailure {
      do {
        try redirect()
      } catch let error as RedirectError {
        throw Failure(.failed, "amesh redirect: \(error)")
      }
    }
  }

  private func redirect() throws {
    let options = try flags.options
    let redirector = Redirector(options, backend: backend.backend, ipv6: ipv6)
    let report =
      if dryRun {
        try redirector.preview()
      } else {
        try NamespaceLock.holding { () throws(RedirectError) in try change(redirector, options) }
      }
    switch output {
    case .json: Console.print(String(decoding: report.json.serialized(indent: 2), as: UTF8.self))
    case .text:
      for warning in report.warnings { Console.error("amesh redirect: \(warning)") }
      Console.print(RedirectPrinter.text(report, isDryRun: dryRun))
    }
    let failed = report.probes.count { $0.outcome == .failed }
    if failed > 0 { throw Failure(.failed, "amesh redirect: \(failed) of \(report.probes.count) probes failed") }
  }

  private func change(_ redirector: Redirector, _ options: RedirectOptions) throws(RedirectError) -> RedirectReport {
    guard !cleanup else { return try Redirector.cleanUp() }
    var report = try redirector.apply()
    if verify { report.probes = Verifier(options).probes(report.families) }
    return report
  }
}

/// A backend, or that one is to be found.
enum BackendName: String, ExpressibleByArgument, CaseIterable {
  case auto
  case iptablesNFT = "iptables-nft"
  case iptablesLegacy = "iptables-legacy"
  case nft

  var backend: Backend? { Backend(rawValue: rawValue) }
}

extension Redirector.IPv6: ExpressibleByArgument {}
