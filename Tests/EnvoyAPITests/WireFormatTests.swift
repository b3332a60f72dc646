import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf
import Testing

/// The bytes were written by Python's protobuf from Envoy's own definitions (PyPI `xds-protos`), with every field filled
/// that our subset has, and in the request one that it has not (node.locality).
@Suite struct WireFormatTests {
  @Test func `a request of Envoy's is read, and what we do not know survives`() throws {
    let bytes = Hex.bytes(
      """
      0a027631122a0a026e311201631a140a120a09616d6573682e63737212051a0343535222040a0265753205656e766f791a0764656661756c74\
      1a06524f4f5443412201742a0137320708031203626164
      """
    )
    let request = try Envoy_Service_Discovery_V3_DiscoveryRequest(serializedBytes: bytes)
    #expect(request.versionInfo == "v1")
    #expect(request.node.id == "n1")
    #expect(request.node.cluster == "c")
    #expect(request.node.userAgentName == "envoy")
    #expect(request.node.metadata.fields["amesh.csr"]?.stringValue == "CSR")
    #expect(request.resourceNames == ["default", "ROOTCA"])
    #expect(request.typeURL == "t")
    #expect(request.responseNonce == "7")
    #expect(request.errorDetail.code == 3)
    #expect(request.errorDetail.message == "bad")
    let again: [UInt8] = try request.serializedBytes()
    #expect(again.count == bytes.count)
  }

  @Test func `a delta request of Envoy's is read`() throws {
    let request = try Envoy_Service_Discovery_V3_DeltaDiscoveryRequest(
      serializedBytes: Hex.bytes("1201741a01612201622a060a01611201313201323a0312016d")
    )
    #expect(request.typeURL == "t")
    #expect(request.resourceNamesSubscribe == ["a"])
    #expect(request.resourceNamesUnsubscribe == ["b"])
    #expect(request.initialResourceVersions == ["a": "1"])
    #expect(request.responseNonce == "2")
    #expect(request.errorDetail.message == "m")
  }

  @Test(arguments: Written.all) func `what we write is what Envoy's own definitions give`(_ case: Written) throws {
    let bytes: [UInt8] = try `case`.message.serializedBytes()
    #expect(bytes == Hex.bytes(`case`.hex))
  }
}

struct Written: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let message: any Message
  let hex: String

  static let all = [
    Written(
      testDescription: "a response",
      message: Envoy_Service_Discovery_V3_DiscoveryResponse.with {
        $0.versionInfo = "v"
        $0.resources = [any(1)]
        $0.typeURL = "t"
        $0.nonce = "1"
        $0.controlPlane.identifier = "amesh"
      },
      hex: "0a017612060a01741201012201742a013132070a05616d657368"
    ),
    Written(
      testDescription: "a delta response",
      message: Envoy_Service_Discovery_V3_DeltaDiscoveryResponse.with {
        $0.systemVersionInfo = "s"
        $0.typeURL = "t"
        $0.nonce = "1"
        $0.removedResources = ["gone"]
        $0.resources = [
          .with {
            $0.name = "a"
            $0.version = "1"
            $0.resource = any(2)
          }
        ]
      },
      hex: "0a0173120e0a013112060a01741201021a01612201742a01313204676f6e65"
    ),
    Written(
      testDescription: "a certificate",
      message: Envoy_Extensions_TransportSockets_Tls_V3_Secret.with {
        $0.name = "default"
        $0.tlsCertificate.certificateChain.inlineBytes = .init("CHAIN".utf8)
        $0.tlsCertificate.privateKey.inlineBytes = .init("KEY".utf8)
      },
      hex: "0a0764656661756c7412100a071205434841494e120512034b4559"
    ),
    Written(
      testDescription: "roots",
      message: Envoy_Extensions_TransportSockets_Tls_V3_Secret.with {
        $0.name = "ROOTCA"
        $0.validationContext.trustedCa.inlineBytes = .init("ROOTS".utf8)
      },
      hex: "0a06524f4f54434122090a071205524f4f5453"
    ),
    Written(
      testDescription: "names to expect",
      message: Envoy_Extensions_TransportSockets_Tls_V3_Secret.with {
        $0.name = "m"
        $0.validationContext.maxVerifyDepth = 2
        $0.validationContext.matchTypedSubjectAltNames = [
          .with {
            $0.sanType = .uri
            $0.matcher.exact = "spiffe://td/x"
          }
        ]
      },
      hex: "0a016d221a7a130803120f0a0d7370696666653a2f2f74642f788201020802"
    ),
  ]

  private static func any(_ byte: UInt8) -> Google_Protobuf_Any {
    .with {
      $0.typeURL = "t"
      $0.value = .init([byte])
    }
  }
}

enum Hex {
  static func bytes(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
