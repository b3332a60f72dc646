import ArgumentParser
import AuthorityAdministration
import CertificateAuthority
import Foundation
import KubernetesObjects

struct CARotateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate",
    abstract: "Take a step towards the next root.",
    discussion: """
      prepare makes the next root and has everyone trust it; activate lets it sign, once everyone does; retire takes the \
      old one out of the bundle, once nothing under it is valid. Each is refused before it is safe, and the refusal says \
      until when. auto begins with prepare, and the server takes the other steps when they are safe; without any command \
      it does so before a root ends.

      A key that was stolen: prepare, activate --force, retire --force, and whoever still uses what is gone fails until it \
      has the new certificates.

      Examples:
        amesh ca rotate auto
        amesh ca rotate activate
        amesh ca rotate retire 0a1b2c3d4e5f6071-0a1b2c3d4e5f6071
      """
  )

  @Argument(help: "prepare, activate, retire or auto.")
  var step: RotationRequest.Step

  @Argument(help: "The root to activate or to retire, by its ID in amesh ca status; without it the only one there is.")
  var root: String?

  @Flag(help: "Take the step before it is safe.")
  var force = false

  @Option(name: [.customShort("o"), .long], help: "text or json.")
  var output = AuthorityOutput.text

  @OptionGroup var authority: AuthorityOptions

  func validate() throws {
    guard !force || step == .activate || step == .retire else {
      throw ValidationError("\(step.rawValue) needs no force; leave out --force")
    }
    guard let root else { return }
    guard step == .activate || step == .retire else {
      throw ValidationError("\(step.rawValue) takes no root; leave out \(root)")
    }
    guard AuthorityID(root) != nil else {
      throw ValidationError("\(root) is no ID of a root; amesh ca status shows them")
    }
  }

  func run() async throws {
    try await askingAuthority {
      if force {
        Console.error(
          step == .activate
            ? "warning: whoever has not got the new root yet refuses certificates under it until then"
            : "warning: certificates under the old root that are in use are refused from now on"
        )
      }
      let request = RotationRequest(step, root: root.flatMap { AuthorityID($0) }, isForced: force)
      let report = try await authority.administrator().rotate(request)
      switch output {
      case .text: Console.print(AuthorityPrinter(now: report.status.time, descriptor: STDOUT_FILENO).text(report))
      case .json: Console.print(String(decoding: report.json.serialized(indent: 2), as: UTF8.self))
      }
    }
  }
}

extension RotationRequest.Step: ExpressibleByArgument {}
