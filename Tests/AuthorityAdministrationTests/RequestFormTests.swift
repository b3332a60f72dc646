import CertificateAuthority
import KubernetesObjects
import Testing

@testable import AuthorityAdministration

/// What comes over the socket is read strictly, and refused in words.
struct RequestFormTests {
  @Test func `what a client writes is what the server reads`() throws {
    let root = try #require(AuthorityID("0a-1b"))
    for step in RotationRequest.Step.allCases {
      for request in [RotationRequest(step), RotationRequest(step, root: root, isForced: true)] {
        #expect(try RotationRequest(parsing: request.json.serialized()) == request)
      }
    }
    for lifetime in [nil, 1, 86_400] {
      let order = CertificateOrder(request: "-----BEGIN\n", identity: Harness.web, lifetimeSeconds: lifetime)
      #expect(try CertificateOrder(parsing: order.json.serialized()) == order)
    }
  }

  @Test(
    arguments: [
      ("", "no JSON"), ("[]", "is an array; send an object"), ("{", "no JSON"),
      (#"{"step":"auto","step":"prepare"}"#, "no JSON"),
      ("{}", "step is missing"), (#"{"step":null}"#, "step is missing"), (#"{"step":1}"#, "step is a number"),
      (#"{"step":"explode"}"#, "step is explode, not one of prepare, activate, retire, auto"),
      (#"{"step":"auto","forced":true}"#, "forced that is not known"),
      (#"{"step":"retire","root":"UPPER"}"#, "no ID of a root"), (#"{"step":"retire","root":""}"#, "no ID of a root"),
      (#"{"step":"retire","force":"yes"}"#, "force is a string, not true or false"),
    ]
  )
  func `a request for rotation that can't be meant is refused`(text: String, problem: String) throws {
    let error = try #require(throws: AdministrationError.self) { try RotationRequest(parsing: Array(text.utf8)) }
    #expect(error.kind == .badRequest)
    #expect(error.description.contains(problem), "\(error)")
  }

  @Test(
    arguments: [
      (#"{"id":"a"}"#, "csr is missing"), (#"{"csr":"a"}"#, "id is missing"),
      (#"{"csr":["a"],"id":"a"}"#, "csr is an array, not a string"),
      (#"{"csr":"a","id":"a","lifetimeSeconds":0}"#, "give from 1"),
      (#"{"csr":"a","id":"a","lifetimeSeconds":-5}"#, "give from 1"),
      (#"{"csr":"a","id":"a","lifetimeSeconds":9223372036854775807}"#, "give from 1"),
      (#"{"csr":"a","id":"a","lifetimeSeconds":1e99}"#, "not a whole number"),
      (#"{"csr":"a","id":"a","lifetimeSeconds":1.5}"#, "not a whole number"),
      (#"{"csr":"a","id":"a","key":"a"}"#, "key that is not known"),
    ]
  )
  func `an order that can't be meant is refused`(text: String, problem: String) throws {
    let error = try #require(throws: AdministrationError.self) { try CertificateOrder(parsing: Array(text.utf8)) }
    #expect(error.kind == .badRequest)
    #expect(error.description.contains(problem), "\(error)")
  }

  @Test func `nesting without end is refused`() throws {
    let deep = Array((String(repeating: #"{"step":"#, count: 5000)).utf8)
    #expect(throws: AdministrationError.self) { try RotationRequest(parsing: deep) }
  }
}
