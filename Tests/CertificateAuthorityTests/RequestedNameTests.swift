import CertificateAuthority
import SPIFFE
import Testing
import X509

@Suite struct RequestedNameTests {
  let identity: WorkloadIdentity

  init() throws {
    identity = try WorkloadIdentity(trustDomain: TrustDomain("td"), namespace: "shop", serviceAccount: "web")
  }

  @Test(arguments: [
    ("/", nil), ("/O=Anything", nil), ("/CN=web.shop.sa.td", nil), ("/", "URI:spiffe://td/ns/shop/sa/web"),
    ("/O=", "URI:spiffe://td/ns/shop/sa/web,DNS:web.shop.sa.td"), ("/", "DNS:sa.td,DNS:shop.sa.td"),
  ])
  func `the caller's own names pass strict mode`(_ subject: String, _ names: String?) throws {
    let request = try CertificateRequest(pem: RequestMaker.make(.ecdsaP256, subject: subject, names: names))
    #expect(throws: Never.self) { try request.checkNames(are: identity) }
  }

  @Test(arguments: [
    ("/", "URI:spiffe://td/ns/shop/sa/other"),
    ("/", "URI:spiffe://td/ns/shop/sa/web,URI:spiffe://td/ns/shop/sa/other"),
    ("/", "URI:spiffe://other/ns/shop/sa/web"),
    ("/", "URI:spiffe://td/ns/shop/sa/web/"),
    ("/", "URI:SPIFFE://td/ns/shop/sa/web"),
    ("/", "DNS:other.shop.sa.td"),
    ("/", "DNS:*.sa.td"),
    ("/", "IP:127.0.0.1"),
    ("/", "email:a@b.example"),
    ("/", "DNS:sa.td,IP:::1"),
    ("/CN=other", "URI:spiffe://td/ns/shop/sa/web"),
    ("/O=a/CN=sa.td/CN=other", nil),
  ])
  func `a foreign name is refused in strict mode and gives nothing otherwise`(
    _ subject: String,
    _ names: String?
  ) throws {
    let request = try CertificateRequest(pem: RequestMaker.make(.ecdsaP256, subject: subject, names: names))
    let error = try #require(throws: CertificateRequestError.self) { try request.checkNames(are: identity) }
    guard case .foreignName = error else { throw error }
    let authority = try TestAuthority("td")
    let key = try ProvenKey(request, verifier: TestAuthority.library)
    let certificate = try authority.issue(.workload(identity, dnsNames: false), for: key).certificate
    #expect(certificate.uris == [identity.description])
    #expect(certificate.dnsNames.isEmpty && certificate.x509.subject.isEmpty)
  }
}
