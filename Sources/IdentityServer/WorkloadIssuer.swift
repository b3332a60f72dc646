package import CallerAuthentication
package import CertificateAuthority
package import FoundationEssentials
package import MeshAuthority

/// The one door to a workload's certificate, whatever it is asked through: authorises, issues, writes down.
package struct WorkloadIssuer: Sendable {
  /// What a certificate was asked through; for the audit log and metrics.
  package enum Interface: String, Hashable, Sendable, CaseIterable {
    case secretDiscovery = "sds"
    case signingRequest = "csr"
    /// The operator's commands.
    case administration = "admin"
  }

  package let authority: MeshAuthority
  package let cryptography: any MeshAuthority.Libraries
  /// Strict mode: a request that asks for a name that is not the caller's own is refused.
  package let refusesForeignNames: Bool
  package let metrics: IdentityMetrics
  private let audit: AuditLog

  package init(
    authority: MeshAuthority,
    cryptography: any MeshAuthority.Libraries,
    refusesForeignNames: Bool = false,
    audit: AuditLog,
    metrics: IdentityMetrics
  ) {
    self.authority = authority
    self.cryptography = cryptography
    self.refusesForeignNames = refusesForeignNames
    self.audit = audit
    self.metrics = metrics
  }

  /// Reads a PKCS #10 request in PEM and checks that its sender holds the key; nothing else of it counts.
  package func provenKey(
    _ pem: String,
    of caller: Caller,
    through interface: Interface,
    now: Date
  ) throws(CertificateRequestError) -> ProvenKey {
    do throws(CertificateRequestError) {
      guard pem.utf8.count <= CertificateRequest.maximumPEMBytes else {
        throw .notPEM(.tooLong(limit: CertificateRequest.maximumPEMBytes))
      }
      let request = try CertificateRequest(pem: Array(pem.utf8))
      if refusesForeignNames { try request.checkNames(are: caller.identity) }
      return try ProvenKey(request, verifier: cryptography)
    } catch {
      refuse(caller, through: interface, .request, "\(error)", now: now)
      throw error
    }
  }

  /// Issues what a caller may have of what it asks for.
  ///
  /// The certificate tells when the caller last showed a token, so that renewals by it come to an end.
  package func issue(
    _ requested: RequestedIdentity,
    to caller: Caller,
    for key: ProvenKey,
    lifetime: Duration? = nil,
    through interface: Interface,
    now: Date
  ) throws(WorkloadIssuerError) -> ReleasedCertificate {
    do throws(WorkloadIssuerError) {
      let released = try issue(requested, to: caller, for: key, lifetime: lifetime, now: now)
      let fingerprint = try? cryptography.sha256(key.publicKey.derBytes[...])
      audit.write(
        .issued(released.certificate, keyFingerprint: fingerprint ?? [], to: caller, through: interface, now: now)
      )
      metrics.issued(through: interface, method: caller.method)
      return released
    } catch {
      refuse(caller, through: interface, error.reason, "\(error)", now: now)
      throw error
    }
  }

  private func issue(
    _ requested: RequestedIdentity,
    to caller: Caller,
    for key: ProvenKey,
    lifetime: Duration?,
    now: Date
  ) throws(WorkloadIssuerError) -> ReleasedCertificate {
    do {
      let authorized = try Authorizer.authorize(requested, for: caller)
      let last = LastAuthentication(authorized.caller.lastTokenAuthentication)
      return try authority.issue(
        authorized.identity,
        for: key,
        privateExtension: PrivateExtension(id: LastAuthentication.extensionID, value: last.extensionValue),
        lifetime: limit(lifetime, authorized.caller, now: now),
        now: now
      )
    } catch let error as AuthorizationError {
      throw .unauthorized(error)
    } catch let error as MeshAuthorityError {
      throw .authority(error)
    } catch {
      throw .authority(.certificate("\(error)"))
    }
  }

  /// What is renewed by a certificate ends when renewals do: a stolen key is of no use after that.
  private func limit(_ lifetime: Duration?, _ caller: Caller, now: Date) -> Duration? {
    guard caller.method == .certificate else { return lifetime }
    let age = Duration.seconds(now.timeIntervalSince(caller.lastTokenAuthentication))
    let left = max(.seconds(1), RenewalByCertificate.maximumAge - age)
    return min(lifetime ?? .seconds(authority.configuration.policy.leafLife), left)
  }

  /// Writes down that a caller who is known did not get a certificate.
  package func refuse(
    _ caller: Caller,
    through interface: Interface,
    _ reason: RefusalReason,
    _ problem: String,
    now: Date
  ) {
    metrics.refused(reason.rawValue)
    audit.write(.refused(caller, through: interface, reason: reason, problem: problem, now: now))
  }
}

/// Why a caller who is known gets no certificate: a closed set, fit for a label of a metric.
package enum RefusalReason: String, Hashable, Sendable, CaseIterable {
  /// The PKCS #10 request.
  case request = "certificate_request"
  case foreignIdentity = "foreign_identity"
  /// The server may make no keys, and the caller brought none.
  case noRequest = "no_certificate_request"
  case notReady = "not_ready"
  case overloaded
  case authority
}

/// Why no certificate was issued.
package enum WorkloadIssuerError: Error, Sendable, CustomStringConvertible {
  case unauthorized(AuthorizationError)
  case authority(MeshAuthorityError)

  package var description: String {
    switch self {
    case .unauthorized(let error): "\(error)"
    case .authority(let error): "\(error)"
    }
  }

  package var reason: RefusalReason {
    switch self {
    case .unauthorized: .foreignIdentity
    case .authority(.notReady): .notReady
    case .authority(.issuance(.tooLittleLeft)), .authority(.issuance(.signerNotValid)): .notReady
    case .authority: .authority
    }
  }
}
