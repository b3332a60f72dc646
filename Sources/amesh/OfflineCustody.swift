import AuthorityAdministration
import CertificateAuthority
import CertificateCustody
import Foundation
import Injection
import MeshConfiguration
import OpenSSLKeys
import SPIFFE

/// Where the configuration says that an authority lies, for who asks no server: to look at nothing is locked, to change
/// it the directory is taken for this process.
struct OfflineCustody {
  private let configuration: Configuration
  private let directory: String
  private let isAsked: Bool
  private var kind: IdentitySettings.Root.Custody { configuration.identity.root.custody }

  /// - Parameter isAsked: whether the operator wants no server to be asked, by --offline.
  init(_ configuration: Configuration, isAsked: Bool) {
    self.configuration = configuration
    self.isAsked = isAsked
    directory = AuthorityCustody.directory(configuration.server)
  }

  /// Where it is, in words.
  var place: String {
    let place = kind == .files ? "files in \(configuration.identity.root.files)" : "directory \(directory)"
    return "\(place), read without a server"
  }

  /// Whether roots are for others to rotate.
  var isReadOnly: Bool { kind == .files }

  /// The state, whoever keeps it.
  func look() async throws(AdministrationError) -> AuthorityState {
    let trustDomain = try trustDomain()
    var state: AuthorityState?
    do throws(CustodyError) {
      switch kind {
      case .directory: if isMade { state = try DirectoryCustody.look(at: directory) }
      case .files: state = try await pluggedIn(trustDomain).load()
      case .memory, .secret: break
      }
    } catch {
      throw AdministrationError(error)
    }
    if kind == .memory || kind == .secret { throw noneHere }
    if let state { return state }
    throw AdministrationError(
      .notReady,
      "there is no authority in \(directory); name the right place with --state-directory, or run: amesh ca init"
    )
  }

  /// Takes it for as long as the custody is held.
  func take() throws(AdministrationError) -> any Custody {
    let trustDomain = try trustDomain()
    do throws(CustodyError) {
      switch kind {
      case .directory: return try DirectoryCustody(path: directory)
      case .files: return try pluggedIn(trustDomain)
      case .memory, .secret: break
      }
    } catch .inUse(_, let holder) {
      let socket = AdminSocket.path(configuration.server)
      let cure =
        isAsked
        ? "is amesh serve running here? Leave out --offline to ask it through \(socket)"
        : "amesh serve or another command is at work there; try again when it answers at \(socket) or has ended"
      throw AdministrationError(
        .refused,
        "\(directory) is in use by \(holder): \(cure), or name another directory with --state-directory"
      )
    } catch {
      throw AdministrationError(error)
    }
    throw noneHere
  }

  private var isMade: Bool {
    FileManager.default.fileExists(atPath: directory)
  }

  private var noneHere: AdministrationError {
    let socket = AdminSocket.path(configuration.server)
    guard kind == .secret else {
      return AdministrationError(
        .notReady,
        "identity.root.custody is memory: there is an authority only while amesh serve runs, and none answers at \(socket)"
      )
    }
    let namespace = configuration.mesh.controlPlane.namespace
    return AdministrationError(
      .notReady,
      "identity.root.custody is secret: the authority is the replicas', and none answers at \(socket); run this in one of "
        + "them: kubectl exec --namespace \(namespace) deployment/amesh -- amesh ca …"
    )
  }

  private func pluggedIn(_ trustDomain: TrustDomain) throws(CustodyError) -> PluggedInCustody {
    try PluggedInCustody(
      directory: configuration.identity.root.files,
      trustDomain: trustDomain,
      keys: OpenSSL(),
      policy: configuration.identity.rotation,
      now: Date()
    )
  }

  private func trustDomain() throws(AdministrationError) -> TrustDomain {
    do throws(SPIFFEIDError) {
      return try TrustDomain(configuration.mesh.trustDomain)
    } catch {
      throw AdministrationError(.badRequest, "mesh.trustDomain: \(error)")
    }
  }
}
