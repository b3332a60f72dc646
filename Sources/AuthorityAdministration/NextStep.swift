import CertificateAuthority
import FoundationEssentials

/// What the operator is to do next, in a sentence.
enum NextStep {
  static func of(
    _ state: AuthorityState,
    _ holds: [RotationHold],
    _ policy: RotationPolicy,
    now: Date
  ) -> String {
    guard let signer = state.signer else { return "no root signs; restore the state from a backup" }
    if signer.certificate.notAfter <= now {
      let step = state.successor == nil ? "prepare" : "activate"
      return "root \(signer.id) has ended and nothing can be issued: run amesh ca rotate \(step)"
    }
    for case .command(let command) in holds { return "run \(command)" }
    if let successor = state.successor {
      return policy.isAutomatic
        ? "nothing: root \(successor.id) is activated when that is safe\(latest(holds))"
        : "when what it waits for is over\(latest(holds)): run amesh ca rotate activate"
    }
    if let old = state.roots.first(where: { $0.phase == .superseded }) {
      return policy.isAutomatic
        ? "nothing: root \(old.id) is retired when nothing under it is valid any more\(latest(holds))"
        : "when what it waits for is over\(latest(holds)): run amesh ca rotate retire"
    }
    let due = policy.prepareSuccessor(of: signer.certificate)
    if policy.isAutomatic {
      return due > now
        ? "nothing: the next root is prepared on \(Timestamp.text(due))"
        : "nothing: the next root is prepared at the server's next look"
    }
    return due > now
      ? "nothing until \(Timestamp.text(due)): then amesh ca rotate prepare" : "run amesh ca rotate prepare"
  }

  static func ofPluggedIn(_ state: AuthorityState, now: Date) -> String {
    guard let signer = state.signer, signer.certificate.notAfter > now else {
      return "the plugged-in root has ended: replace the files"
    }
    return "nothing: roots are plugged in; replace the files before \(Timestamp.text(signer.certificate.notAfter))"
  }

  private static func latest(_ holds: [RotationHold]) -> String {
    holds.compactMap(\.until).max().map { ", at the latest \(Timestamp.text($0))" } ?? ""
  }
}
