import CertificateAuthority
import CertificateCustody
import FoundationEssentials
import Logging
import MeshAuthority
import MeshConfiguration
import OpenSSLKeys
import SPIFFE
import ServiceLifecycle

/// Where the configuration says that the authority's state is kept.
enum AuthorityCustody {
  /// The directory of the embedded custody.
  static func directory(_ server: ServerSettings) -> String { "\(server.stateDirectory)/authority" }

  /// The file with the bundle that is given out, see ``TrustBundleFile``.
  private static func bundle(_ server: ServerSettings) -> String { "\(server.stateDirectory)/identity/root-cert.pem" }

  /// Where it is, in words.
  static func place(_ configuration: Configuration) -> String {
    switch configuration.identity.root.custody {
    case .directory: "directory \(directory(configuration.server))"
    case .files: "files in \(configuration.identity.root.files)"
    case .memory: "memory"
    case .secret: "a Secret of the cluster"
    }
  }

  static func open(
    _ configuration: Configuration,
    trustDomain: TrustDomain,
    now: Date
  ) throws(Failure) -> any Custody {
    let identity = configuration.identity
    do throws(CustodyError) {
      switch identity.root.custody {
      // A Secret is not opened by one process; see ``HeldAuthority``.
      case .memory, .secret: return MemoryCustody()
      case .directory: return try DirectoryCustody(path: directory(configuration.server))
      case .files:
        return try PluggedInCustody(
          directory: identity.root.files,
          earlierBundle: bundle(configuration.server),
          trustDomain: trustDomain,
          keys: OpenSSL(),
          policy: identity.rotation,
          now: now
        )
      }
    } catch {
      throw Failure(.configuration, "identity.root.custody: \(error)")
    }
  }
}

/// Takes over what is put in the place of plugged-in files.
struct PluggedInFilesService: Service {
  let custody: PluggedInCustody
  let authority: MeshAuthority
  let onRefusal: @Sendable () -> Void
  let logger: Logger

  func run() async throws {
    if let caution = custody.caution { logger.warning("\(caution)") }
    let (findings, continuation) = AsyncStream.makeStream(of: PluggedInCustody.Finding.self)
    await cancelWhenGracefulShutdown {
      await withTaskGroup { group in
        group.addTask {
          await custody.watch(now: { Date() }, report: { continuation.yield($0) })
          continuation.finish()
        }
        for await finding in findings { await take(finding) }
      }
    }
  }

  private func take(_ finding: PluggedInCustody.Finding) async {
    switch finding {
    case .unchanged: return
    case .incomplete(let error):
      logger.warning("The plugged-in authority is changing", metadata: ["error": "\(error)"])
      return
    case .refused(let error):
      onRefusal()
      logger.error(
        "The plugged-in authority can't be used; the one before stays in force",
        metadata: ["error": "\(error)"]
      )
      return
    case .replaced(let description):
      logger.notice("Another authority was plugged in", metadata: ["authority": "\(description)"])
    case .advanced:
      logger.notice("The plugged-in authority has moved on")
    }
    do {
      _ = try await authority.look(now: Date(), observe: authority.observeAlone)
    } catch {
      logger.error("The plugged-in authority can't be taken over", metadata: ["error": "\(error)"])
    }
  }
}
