import AuthorityAdministration
import CallerAuthentication
import CertificateAuthority
import Foundation
import IdentityServer
import MeshAuthority
import SPIFFE

/// Certificates that the operator orders, on the path of all others: checked, issued, written into the audit log.
enum OperatorIssuing {
  static func issuance(_ issuer: WorkloadIssuer) -> AuthorityOperations.Issuance {
    { (order: CertificateOrder, identity: WorkloadIdentity, now: Date) async throws(AdministrationError) in
      // The operator vouches for the identity, as a token would.
      let caller = Caller(
        identity: identity,
        method: .operator,
        lastTokenAuthentication: now,
        credentialExpiry: nil,
        credentialHash: CredentialHash(of: [])
      )
      let key: ProvenKey
      do throws(CertificateRequestError) {
        key = try issuer.provenKey(order.request, of: caller, through: .administration, now: now)
      } catch {
        throw AdministrationError(.badRequest, "\(error)")
      }
      do throws(WorkloadIssuerError) {
        return try issuer.issue(
          .own,
          to: caller,
          for: key,
          lifetime: order.lifetimeSeconds.map { .seconds($0) },
          through: .administration,
          now: now
        )
      } catch .authority(let error) {
        throw AdministrationError(error)
      } catch {
        throw AdministrationError(.refused, "\(error)")
      }
    }
  }
}
