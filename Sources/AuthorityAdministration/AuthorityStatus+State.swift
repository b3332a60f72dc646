package import CertificateAuthority
package import FoundationEssentials
import SPIFFE

extension AuthorityStatus {
  /// Of a state as it is kept.
  ///
  /// - Parameters:
  ///   - holds: what rotation was seen to wait for.
  ///   - digester: for fingerprints.
  package init(
    _ state: AuthorityState,
    holds: [RotationHold],
    _ policy: RotationPolicy,
    custody: String,
    isReadOnly: Bool,
    digester: any Digester,
    now: Date
  ) throws(KeyError) {
    var roots: [Root] = []
    for root in state.roots {
      roots.append(
        Root(
          id: root.id.rawValue,
          phase: root.phase,
          fingerprint: Hexadecimal.text(try digester.sha256(root.certificate.derEncoded[...])),
          notBefore: root.certificate.notBefore,
          notAfter: root.certificate.notAfter,
          prepared: root.prepared.time,
          activated: root.activated?.time,
          superseded: root.superseded?.time,
          retired: root.retired?.time
        )
      )
    }
    self.init(
      time: now,
      trustDomain: state.trustDomain.name,
      custody: custody,
      generation: state.generation,
      rotation: isReadOnly ? .pluggedIn : policy.isAutomatic ? .automatic : .manual,
      roots: roots,
      intermediates: state.intermediates.map { record in
        Intermediate(
          id: record.id.rawValue,
          root: record.root.rawValue,
          replica: record.replica,
          recorded: record.recorded.time,
          notAfter: record.notAfter,
          dropped: record.dropped?.time
        )
      },
      holds: holds.map { Hold(text: $0.description, until: $0.until) },
      next: isReadOnly ? NextStep.ofPluggedIn(state, now: now) : NextStep.of(state, holds, policy, now: now)
    )
  }
}

extension RotationHold {
  /// When it is over by itself at the latest.
  var until: Date? {
    switch self {
    case .spread(_, _, let until): until
    case .inUse(_, let until): until
    case .command, .notPluggedIn: nil
    }
  }
}
