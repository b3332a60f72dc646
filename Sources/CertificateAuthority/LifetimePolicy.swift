import FoundationEssentials

/// How long certificates live, in whole seconds from the moment of issuing.
package struct LifetimePolicy: Hashable, Sendable {
  /// What happens when more is asked than may be given.
  package enum Excess: Hashable, Sendable { case clamp, refuse }

  /// How far notBefore lies in the past, for peers whose clocks are late.
  package static let clockSkew = Duration.seconds(120)

  /// For requests that ask for nothing.
  package let standard: Duration
  /// The cap.
  package let maximum: Duration
  /// Less is never issued: a signer that ends sooner has to be replaced.
  package let minimum: Duration
  package let excess: Excess

  /// Leaves: one hour, at most a day.
  package static let leaf = LifetimePolicy(standard: .seconds(3600), maximum: .seconds(24 * 3600))

  package init(
    standard: Duration,
    maximum: Duration,
    minimum: Duration = .seconds(10),
    excess: Excess = .clamp
  ) {
    self.standard = standard
    self.maximum = maximum
    self.minimum = minimum
    self.excess = excess
  }

  /// The period that a certificate gets.
  ///
  /// - Parameters:
  ///   - requested: nil, zero and less ask for the standard.
  ///   - signer: the period in which everything above the certificate is valid.
  func period(
    requested: Duration?,
    now: Date,
    signer: ValidityPeriod
  ) throws(IssuanceError) -> (ValidityPeriod, LifetimeLimit?) {
    guard signer.contains(now) else { throw .signerNotValid(signer) }
    // Less than the least is given the least: it is the signer that may have too little left, not who asks for little.
    var lifetime = requested.flatMap { $0 >= .seconds(1) ? max($0, minimum) : nil } ?? standard
    var limit: LifetimeLimit?
    if lifetime > maximum {
      guard excess == .clamp else { throw .lifetimeOverCap(maximum) }
      (lifetime, limit) = (maximum, .cap)
    }
    var end = (now + lifetime.wholeSeconds).wholeSeconds
    if end > signer.notAfter {
      guard excess == .clamp else { throw .lifetimePastSigner(signer.notAfter) }
      (end, limit) = (signer.notAfter, .signerEnd)
    }
    guard end.timeIntervalSince(now.wholeSeconds) >= minimum.wholeSeconds else { throw .tooLittleLeft(signer.notAfter) }
    let start = max((now - Self.clockSkew.wholeSeconds).wholeSeconds, signer.notBefore)
    return (ValidityPeriod(notBefore: start, notAfter: end), limit)
  }
}

/// Why a certificate lives shorter than was asked.
package enum LifetimeLimit: String, Hashable, Sendable {
  /// The policy's cap.
  case cap
  /// The end of its signer, or of a certificate above.
  case signerEnd = "signer-end"
}
