import EnvoyAPI
import SecretDiscovery
import SwiftProtobuf
import Testing

@Suite struct NodeRequestTests {
  private func node(_ csr: Google_Protobuf_Value?) -> Envoy_Config_Core_V3_Node {
    .with {
      $0.id = "n"
      $0.metadata.fields["other"] = Google_Protobuf_Value(numberValue: 1)
      $0.metadata.fields["amesh.csr"] = csr
    }
  }

  @Test func `no request in the metadata: the server makes the key`() throws {
    #expect(try NodeRequest(Envoy_Config_Core_V3_Node()).signingRequest == nil)
    #expect(try NodeRequest(node(nil)).signingRequest == nil)
  }

  @Test func `a request in the metadata is handed on as it is`() throws {
    #expect(try NodeRequest(node(Google_Protobuf_Value(stringValue: "PEM\n"))).signingRequest == "PEM\n")
  }

  @Test(arguments: [0, 16 << 10, (16 << 10) + 1, 60_000])
  func `a request is from 1 byte to 16 KiB`(_ bytes: Int) throws {
    let node = node(Google_Protobuf_Value(stringValue: String(repeating: "a", count: bytes)))
    switch bytes {
    case 0: #expect(throws: NodeRequestError.notText) { try NodeRequest(node) }
    case ...(16 << 10): #expect(try NodeRequest(node).signingRequest?.utf8.count == bytes)
    default: #expect(throws: NodeRequestError.tooLong(bytes: bytes)) { try NodeRequest(node) }
    }
  }

  @Test func `anything but a string is refused, not taken for none`() {
    let values = [
      Google_Protobuf_Value(numberValue: 1), Google_Protobuf_Value(boolValue: true), Google_Protobuf_Value(),
      Google_Protobuf_Value(structValue: Google_Protobuf_Struct()),
      Google_Protobuf_Value(listValue: Google_Protobuf_ListValue()), Google_Protobuf_Value(nilLiteral: ()),
    ]
    for value in values { #expect(throws: NodeRequestError.notText) { try NodeRequest(node(value)) } }
  }

  @Test func `an error says what to do`() {
    #expect("\(NodeRequestError.notText)".contains("PKCS#10 request in PEM"))
    #expect("\(NodeRequestError.tooLong(bytes: 20_000))".contains("20000 bytes; a PKCS#10 request of at most 16384"))
  }
}
