import AmeshTesting
import CertificateAuthority
import FoundationEssentials
import KubernetesObjects
import OpenSSLKeys
import Testing

/// Whole profiles as another program reads them, public key and signature left out.
@Suite struct ProfileTests {
  @Test(arguments: profiles)
  func `the profile is as ordered`(_ kind: String, _ profile: String) throws {
    let authority = try TestAuthority()
    let identity = try authority.identity()
    let addresses = ["127.0.0.1", "fd00::1"].compactMap { IPAddress($0) }
    let byAddress = CertificateProfile.serving(dnsNames: [], ipAddresses: addresses, identity: nil)
    let certificate =
      switch kind {
      case "workload": try authority.issue(.workload(identity, dnsNames: false)).certificate
      case "workload with DNS names": try authority.issue(.workload(identity, dnsNames: true)).certificate
      case "serving": try authority.issue(.serving(dnsNames: ["a.svc", "b.svc"], identity: nil)).certificate
      case "serving by address": try authority.issue(byAddress).certificate
      case "serving with an identity":
        try authority.issue(.serving(dnsNames: ["a.svc"], identity: identity)).certificate
      case "intermediate": authority.intermediate.certificate
      default: authority.root
      }
    let text = try OpenSSLCommand.run(
      [
        "x509", "-noout", "-text", "-certopt", "no_header,no_version,no_pubkey,no_sigdump,no_serial,no_signame",
        "-nameopt", "RFC2253",
      ],
      input: Data(certificate.pem.utf8)
    ).text
    #expect(Self.masked(text) == profile)
  }

  /// Without indentation; serial numbers are random and key identifiers those of new keys.
  static func masked(_ text: String) -> String {
    text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
      .joined(separator: "\n")
      .replacing(/(2\.5\.4\.5|serialNumber)=#?[0-9a-fA-F]+/, with: "serialNumber=RANDOM")
      .replacing(/([0-9A-F]{2}:){19}[0-9A-F]{2}/, with: "ID")
  }

  static let profiles: [(String, String)] = [
    (
      "workload",
      """
      Issuer: serialNumber=RANDOM,CN=Amesh issuing CA,O=Amesh
      Validity
      Not Before: Mar 17 17:44:40 2030 GMT
      Not After : Mar 17 18:46:40 2030 GMT
      Subject:
      X509v3 extensions:
      X509v3 Basic Constraints: critical
      CA:FALSE
      X509v3 Key Usage: critical
      Digital Signature
      X509v3 Extended Key Usage:
      TLS Web Server Authentication, TLS Web Client Authentication
      X509v3 Subject Key Identifier:
      ID
      X509v3 Authority Key Identifier:
      ID
      X509v3 Subject Alternative Name: critical
      URI:spiffe://cluster.local/ns/shop/sa/web
      """
    ),
    (
      "workload with DNS names",
      """
      Issuer: serialNumber=RANDOM,CN=Amesh issuing CA,O=Amesh
      Validity
      Not Before: Mar 17 17:44:40 2030 GMT
      Not After : Mar 17 18:46:40 2030 GMT
      Subject:
      X509v3 extensions:
      X509v3 Basic Constraints: critical
      CA:FALSE
      X509v3 Key Usage: critical
      Digital Signature
      X509v3 Extended Key Usage:
      TLS Web Server Authentication, TLS Web Client Authentication
      X509v3 Subject Key Identifier:
      ID
      X509v3 Authority Key Identifier:
      ID
      X509v3 Subject Alternative Name: critical
      URI:spiffe://cluster.local/ns/shop/sa/web, DNS:web.shop.sa.cluster.local, DNS:shop.sa.cluster.local, DNS:sa.cluster.local
      """
    ),
    (
      "serving",
      """
      Issuer: serialNumber=RANDOM,CN=Amesh issuing CA,O=Amesh
      Validity
      Not Before: Mar 17 17:44:40 2030 GMT
      Not After : Mar 17 18:46:40 2030 GMT
      Subject:
      X509v3 extensions:
      X509v3 Basic Constraints: critical
      CA:FALSE
      X509v3 Key Usage: critical
      Digital Signature
      X509v3 Extended Key Usage:
      TLS Web Server Authentication
      X509v3 Subject Key Identifier:
      ID
      X509v3 Authority Key Identifier:
      ID
      X509v3 Subject Alternative Name: critical
      DNS:a.svc, DNS:b.svc
      """
    ),
    (
      "serving by address",
      """
      Issuer: serialNumber=RANDOM,CN=Amesh issuing CA,O=Amesh
      Validity
      Not Before: Mar 17 17:44:40 2030 GMT
      Not After : Mar 17 18:46:40 2030 GMT
      Subject:
      X509v3 extensions:
      X509v3 Basic Constraints: critical
      CA:FALSE
      X509v3 Key Usage: critical
      Digital Signature
      X509v3 Extended Key Usage:
      TLS Web Server Authentication
      X509v3 Subject Key Identifier:
      ID
      X509v3 Authority Key Identifier:
      ID
      X509v3 Subject Alternative Name: critical
      IP Address:127.0.0.1, IP Address:FD00:0:0:0:0:0:0:1
      """
    ),
    (
      "serving with an identity",
      """
      Issuer: serialNumber=RANDOM,CN=Amesh issuing CA,O=Amesh
      Validity
      Not Before: Mar 17 17:44:40 2030 GMT
      Not After : Mar 17 18:46:40 2030 GMT
      Subject:
      X509v3 extensions:
      X509v3 Basic Constraints: critical
      CA:FALSE
      X509v3 Key Usage: critical
      Digital Signature
      X509v3 Extended Key Usage:
      TLS Web Server Authentication, TLS Web Client Authentication
      X509v3 Subject Key Identifier:
      ID
      X509v3 Authority Key Identifier:
      ID
      X509v3 Subject Alternative Name: critical
      URI:spiffe://cluster.local/ns/shop/sa/web, DNS:a.svc
      """
    ),
    (
      "intermediate",
      """
      Issuer: serialNumber=RANDOM,CN=Amesh root CA,O=Amesh
      Validity
      Not Before: Mar 17 17:44:40 2030 GMT
      Not After : Apr 16 17:46:40 2030 GMT
      Subject: serialNumber=RANDOM,CN=Amesh issuing CA,O=Amesh
      X509v3 extensions:
      X509v3 Basic Constraints: critical
      CA:TRUE, pathlen:0
      X509v3 Key Usage: critical
      Certificate Sign
      X509v3 Subject Key Identifier:
      ID
      X509v3 Authority Key Identifier:
      ID
      X509v3 Subject Alternative Name:
      URI:spiffe://cluster.local
      """
    ),
    (
      "root",
      """
      Issuer: serialNumber=RANDOM,CN=Amesh root CA,O=Amesh
      Validity
      Not Before: Mar 17 17:44:40 2030 GMT
      Not After : Mar 14 17:46:40 2040 GMT
      Subject: serialNumber=RANDOM,CN=Amesh root CA,O=Amesh
      X509v3 extensions:
      X509v3 Basic Constraints: critical
      CA:TRUE
      X509v3 Key Usage: critical
      Certificate Sign
      X509v3 Subject Key Identifier:
      ID
      X509v3 Authority Key Identifier:
      ID
      X509v3 Subject Alternative Name:
      URI:spiffe://cluster.local
      """
    ),
  ]
}
