package import APISIXSink
package import CertificateAuthority
import KubernetesObjects

/// Turns a mesh's objects into those that APISIX is given: upstreams whose endpoints all take mutual TLS get it, and what
/// is needed to take it itself is added. Costs what a change touches. A value.
///
/// What sends to an address of which nothing is known yet waits for that, with all that comes after it, since it was made
/// in that order; not for long.
package struct MeshSecurity: Sendable {
  package struct Counts: Sendable, Hashable {
    package var mutual = 0
    package var plain = 0
    package var refused = 0

    package init(mutual: Int = 0, plain: Int = 0, refused: Int = 0) {
      self.mutual = mutual
      self.plain = plain
      self.refused = refused
    }
  }

  /// For how long a change waits for what is known of its addresses.
  package static let patience = Duration.seconds(2)

  /// Nil for a sidecar without mutual TLS.
  private let security: SidecarSecurity?
  private var upstreams: [String: PlainUpstream] = [:]
  private var verdicts: [String: UpstreamVerdict] = [:]
  private var keysByAddress: [String: Set<String>] = [:]
  private var waiting = DictionaryDelta()
  private var waitingSince: Duration?
  private var certificate: SidecarCertificate?
  private var bundle: TrustBundle?

  /// - Parameter security: nil, or disabled: all goes as it comes.
  package init(_ security: SidecarSecurity?) {
    self.security = security.flatMap { $0.mode == .disabled ? nil : $0 }
  }

  /// What is sent to.
  package var addresses: Set<String> { Set(keysByAddress.keys) }

  package var counts: Counts {
    verdicts.values.reduce(into: Counts()) { counts, verdict in
      switch verdict {
      case .mutual: counts.mutual += 1
      case .plain: counts.plain += 1
      case .refused: counts.refused += 1
      }
    }
  }

  /// Whether something goes by mutual TLS, or would, if certificates had names to verify.
  package var lacksNames: Bool { certificate.map { $0.dnsNames.isEmpty } ?? false }

  /// When what waits is to be given although something is unknown.
  package var deadline: Duration? { waitingSince.map { $0 + Self.patience } }

  private var canShow: Bool { certificate != nil && bundle != nil && !lacksNames }

  // MARK: Changes

  /// What there is from the beginning.
  package mutating func begin() -> DictionaryDelta {
    guard let security else { return DictionaryDelta() }
    return DictionaryDelta(settings: InboundObjects.rules(security, identity: certificate?.identity, bundle: bundle))
  }

  /// Takes a change of the mesh's objects; ``release(now:_:)`` gives what becomes of it.
  package mutating func take(_ delta: DictionaryDelta, now: Duration) {
    for key in delta.removals where delta.settings[key] == nil {
      waiting.settings[key] = nil
      waiting.removals.insert(key)
      forget(key)
    }
    for (key, bytes) in delta.settings {
      waiting.removals.remove(key)
      waiting.settings[key] = bytes
      forget(key)
      guard security != nil, key.hasPrefix(PlainUpstream.prefix), let upstream = PlainUpstream(bytes) else {
        continue
      }
      upstreams[key] = upstream
      for address in upstream.addresses { keysByAddress[address, default: []].insert(key) }
    }
    if waitingSince == nil, !waiting.isEmpty { waitingSince = now }
  }

  /// What waited, once all is known of it or it has waited long enough.
  package mutating func release(now: Duration, _ standing: (String) -> PeerStanding) -> DictionaryDelta {
    guard let deadline, !waiting.isEmpty else { return DictionaryDelta() }
    let isKnown = waiting.settings.keys.allSatisfy { key in
      upstreams[key]?.addresses.allSatisfy { standing($0) != .unknown } ?? true
    }
    guard isKnown || now >= deadline else { return DictionaryDelta() }
    var delta = waiting
    waiting = DictionaryDelta()
    waitingSince = nil
    for key in delta.settings.keys where upstreams[key] != nil { delta.settings[key] = secured(key, standing) }
    return delta
  }

  /// Something else is known of these addresses.
  package mutating func changed(
    _ addresses: Set<String>,
    _ standing: (String) -> PeerStanding
  ) -> DictionaryDelta {
    var delta = DictionaryDelta()
    let keys = addresses.reduce(into: Set<String>()) { $0.formUnion(keysByAddress[$1] ?? []) }
    // What waits is not there yet.
    for key in keys where waiting.settings[key] == nil { delta.settings[key] = secured(key, standing) }
    return delta
  }

  /// Another certificate, or another bundle: all of it at once.
  package mutating func show(
    _ certificate: SidecarCertificate,
    _ bundle: TrustBundle,
    _ standing: (String) -> PeerStanding
  ) -> DictionaryDelta {
    guard let security else { return DictionaryDelta() }
    let isNew = self.certificate != certificate
    self.certificate = certificate
    self.bundle = bundle
    var delta = DictionaryDelta(
      settings: InboundObjects.rules(security, identity: certificate.identity, bundle: bundle)
    )
    delta.settings[InboundObjects.certificateKey] = InboundObjects.certificate(certificate, bundle: bundle)
    guard isNew else { return delta }
    for key in upstreams.keys where waiting.settings[key] == nil {
      let before = verdicts[key]
      let bytes = secured(key, standing)
      if case .plain = before, case .plain = verdicts[key] { continue }
      delta.settings[key] = bytes
    }
    return delta
  }

  private mutating func secured(_ key: String, _ standing: (String) -> PeerStanding) -> [UInt8]? {
    guard let security, let upstream = upstreams[key] else { return nil }
    let verdict = UpstreamVerdict(upstream, security, canShow: canShow, standing: standing)
    verdicts[key] = verdict
    return upstream.secured(verdict, certificate, standing: standing)
  }

  private mutating func forget(_ key: String) {
    guard let upstream = upstreams.removeValue(forKey: key) else { return }
    verdicts[key] = nil
    for address in upstream.addresses {
      keysByAddress[address]?.remove(key)
      if keysByAddress[address]?.isEmpty == true { keysByAddress[address] = nil }
    }
  }
}
