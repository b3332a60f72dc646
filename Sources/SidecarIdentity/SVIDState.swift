package import CertificateAuthority
package import EnvoyAPI
package import FoundationEssentials
package import SPIFFE
import SecretDiscovery
import SwiftProtobuf

/// The client's side of delta SDS for one workload: its own certificate, with a key that never leaves, and the bundle.
///
/// Each renewal is a fresh key and a request for it, on the same stream; so is each new stream. The certificate that is
/// there stays until another one is good. A value: keys, time and chance come in.
package struct SVIDState: Sendable {
  package typealias Request = Envoy_Service_Discovery_V3_DeltaDiscoveryRequest
  package typealias Response = Envoy_Service_Discovery_V3_DeltaDiscoveryResponse

  package struct Figures: Sendable, Hashable {
    package var renewals = 0
    package var refusals = 0

    package init() {}
  }

  private static let certificateName = "default"
  private static let bundleName = "ROOTCA"
  /// Of the life that is left when a certificate comes: earlier than the server pushes by itself, at 40 to 60 %.
  private static let renewal = 0.3...0.4
  /// A server that has not answered a request for so long is asked anew.
  private static let patience = 30.0

  private let trustDomain: TrustDomain
  private let node: Envoy_Config_Core_V3_Node
  private var isConnected = false
  /// Those for which a certificate may come, the newest first.
  private var keys: [FreshKey] = []
  private var renewAt: Date?
  package private(set) var certificate: SidecarCertificate?
  package private(set) var bundle: TrustBundle?
  /// What was wrong with what came last; nil while all is well.
  package private(set) var problem: String?
  package private(set) var figures = Figures()

  package init(trustDomain: TrustDomain, node: Envoy_Config_Core_V3_Node) {
    self.trustDomain = trustDomain
    self.node = node
  }

  /// When another key is to be made; nil while there is no stream.
  package var deadline: Date? { isConnected ? renewAt : nil }

  // MARK: The stream

  package mutating func connected(_ key: FreshKey, now: Date) -> Request {
    isConnected = true
    var request = ask(key, now: now)
    request.resourceNamesSubscribe = [Self.certificateName, Self.bundleName]
    return request
  }

  package mutating func disconnected() { isConnected = false }

  /// The deadline has passed.
  package mutating func renew(_ key: FreshKey, now: Date) -> Request { ask(key, now: now) }

  private mutating func ask(_ key: FreshKey, now: Date) -> Request {
    // The key in use, and two that were asked for: an answer may be under way.
    keys = [key] + keys.prefix(1) + keys.dropFirst().filter { $0 == certificate?.key }.prefix(1)
    renewAt = now.addingTimeInterval(Self.patience)
    var node = node
    node.metadata.fields[NodeRequest.signingRequestKey] = Google_Protobuf_Value(stringValue: key.request)
    return .with {
      $0.typeURL = secretTypeURL
      $0.node = node
    }
  }

  // MARK: What comes

  /// - Parameter draw: 0 to 1, by chance.
  /// - Returns: the answer to the server.
  package mutating func receive(_ response: Response, now: Date, draw: Double) async -> Request {
    var answer = Request.with {
      $0.typeURL = secretTypeURL
      $0.responseNonce = response.nonce
    }
    do throws(SidecarIdentityProblem) {
      let secrets = try Self.secrets(response)
      // The bundle first: the certificate may be under a root that came with it.
      if let roots = secrets[Self.bundleName]?.validationContext.trustedCa.inlineBytes {
        try take(bundle: Array(roots))
      }
      if let chain = secrets[Self.certificateName]?.tlsCertificate.certificateChain.inlineBytes {
        try await take(chain: Array(chain), now: now, draw: draw)
      }
      problem = nil
    } catch {
      problem = error.description
      figures.refusals += 1
      answer.errorDetail = .with {
        // INVALID_ARGUMENT.
        $0.code = 3
        $0.message = error.description
      }
    }
    return answer
  }

  private mutating func take(bundle pem: [UInt8]) throws(SidecarIdentityProblem) {
    do {
      bundle = try TrustBundle(trustDomain: trustDomain, pem: pem)
    } catch {
      throw SidecarIdentityProblem("the bundle that came can't be used: \(error)")
    }
  }

  private mutating func take(chain: [UInt8], now: Date, draw: Double) async throws(SidecarIdentityProblem) {
    guard let bundle else { throw SidecarIdentityProblem("a certificate came before the bundle") }
    let taken = try await SidecarCertificate(chain: chain, keys: keys, bundle: bundle, now: now)
    let life = taken.notAfter.timeIntervalSince(now)
    let share = Self.renewal.lowerBound + (Self.renewal.upperBound - Self.renewal.lowerBound) * draw
    // One that came for an earlier key does not put off the one that was asked for.
    if taken.key == keys.first { renewAt = now.addingTimeInterval(max(1, life * share)) }
    if certificate != nil { figures.renewals += 1 }
    certificate = taken
  }

  private static func secrets(
    _ response: Response
  ) throws(SidecarIdentityProblem) -> [String: Envoy_Extensions_TransportSockets_Tls_V3_Secret] {
    var secrets: [String: Envoy_Extensions_TransportSockets_Tls_V3_Secret] = [:]
    for resource in response.resources {
      guard
        let secret = try? Envoy_Extensions_TransportSockets_Tls_V3_Secret(serializedBytes: resource.resource.value)
      else { throw SidecarIdentityProblem("\(resource.name.prefix(64)) is no secret") }
      secrets[secret.name] = secret
    }
    return secrets
  }
}
