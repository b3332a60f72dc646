import EnvoyAPI
import EnvoyServices
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import SecretDiscovery
import SwiftProtobuf

/// One workload's certificate and bundle, asked for over SDS as a sidecar asks for them.
struct SecretFetch {
  enum Server {
    /// TLS, verified by the roots of a PEM file.
    case address(host: String, port: Int, serverName: String, rootsFile: String)
    case socket(String)
  }

  struct Secrets {
    /// PEM, the leaf first.
    var chain: [UInt8]
    /// PEM.
    var bundle: [UInt8]
  }

  let server: Server
  /// As the Authorization header wants it after `Bearer `.
  let token: String
  let timeout: Duration

  /// - Parameter request: PKCS #10 in PEM; the key stays here.
  func fetch(request: String) async throws(Failure) -> Secrets {
    var message = Envoy_Service_Discovery_V3_DiscoveryRequest()
    message.typeURL = secretTypeURL
    message.resourceNames = [Self.certificateName, Self.bundleName]
    message.node.id = "amesh-svid"
    message.node.metadata.fields[NodeRequest.signingRequestKey] = Google_Protobuf_Value(stringValue: request)
    var options = CallOptions.defaults
    options.timeout = timeout
    options.waitForReady = false
    do {
      let transport = try transport()
      let response = try await withGRPCClient(transport: transport) { client in
        let metadata: Metadata = ["authorization": "Bearer \(token)"]
        return try await Envoy_Service_Secret_V3_SecretDiscoveryService.Client(wrapping: client)
          .fetchSecrets(message, metadata: metadata, options: options)
      }
      return try Self.secrets(response)
    } catch let failure as Failure {
      throw failure
    } catch let error as RPCError {
      throw explain(error)
    } catch {
      throw Failure(.unavailable, "\(place): \(error)")
    }
  }

  private static let certificateName = "default"
  private static let bundleName = "ROOTCA"

  private func transport() throws -> HTTP2ClientTransport.Posix {
    switch server {
    case .socket(let path):
      return try .http2NIOPosix(target: .unixDomainSocket(path: path), transportSecurity: .plaintext)
    case .address(let host, let port, let serverName, let rootsFile):
      return try .http2NIOPosix(
        target: .dns(host: host, port: port),
        transportSecurity: .tls { $0.trustRoots = .certificates([.file(path: rootsFile, format: .pem)]) },
        config: .defaults { $0.http2.authority = serverName }
      )
    }
  }

  private static func secrets(_ response: Envoy_Service_Discovery_V3_DiscoveryResponse) throws -> Secrets {
    var chain: [UInt8] = []
    var bundle: [UInt8] = []
    for resource in response.resources {
      let secret = try Envoy_Extensions_TransportSockets_Tls_V3_Secret(unpackingAny: resource)
      switch secret.name {
      case certificateName: chain = Array(secret.tlsCertificate.certificateChain.inlineBytes)
      case bundleName: bundle = Array(secret.validationContext.trustedCa.inlineBytes)
      default: break
      }
    }
    guard !chain.isEmpty, !bundle.isEmpty else {
      throw Failure(.failed, "the server's answer lacks \(chain.isEmpty ? certificateName : bundleName); try again")
    }
    return Secrets(chain: chain, bundle: bundle)
  }

  private var place: String {
    switch server {
    case .socket(let path): path
    case .address(let host, let port, _, _): "\(host):\(port)"
    }
  }

  private func explain(_ error: RPCError) -> Failure {
    switch error.code {
    case .unauthenticated:
      Failure(.noPermission, "\(place) does not know this token; its log tells why it was refused")
    case .permissionDenied, .invalidArgument, .failedPrecondition:
      Failure(.failed, "\(place) refuses: \(error.message)")
    case .deadlineExceeded:
      Failure(.unavailable, "\(place) gave no answer in \(timeout); is it an identity server, and ready?")
    default:
      Failure(
        .unavailable,
        "\(place) can't be reached: \(error.message)\(error.cause.map { " (\($0))" } ?? ""); "
          + "is amesh serve running there, and is the certificate one that --ca-file verifies?"
      )
    }
  }
}
