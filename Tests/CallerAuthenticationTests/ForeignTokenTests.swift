import Foundation
import Testing

@testable import CallerAuthentication

/// Signatures that other libraries made. `Corpus` was written by PyJWT 2.15 on OpenSSL, with HMACs by Python's `hmac`.
@Suite struct ForeignTokenTests {
  static let folder = Bundle.module.bundleURL.appending(path: "Corpus")

  private static func text(_ name: String) throws -> String {
    let data = try Data(contentsOf: folder.appending(path: name))
    return String(decoding: data, as: UTF8.self).split(separator: "\n").joined(separator: "\n")
  }

  private func keys() throws -> TokenSigningKeys { try TokenSigningKeys(parsing: Array(Self.text("keys.json").utf8)) }

  @Test(arguments: ["ec-p256", "rsa-2048", "rsa-4096", "without-type"])
  func `tokens by PyJWT are accepted`(_ name: String) throws {
    let token = try verify(Self.text("accepted-\(name).jwt"), keys: keys())
    #expect(token.identity == (try Fixture.identity()))
    #expect(token.pod?.uid == "5e0bd49b-f040-43b0-99b7-22765a53f7f3")
  }

  @Test(arguments: ["RS384", "RS512", "PS256", "HS256-pem", "HS256-der", "HS256-pkcs1-pem"])
  func `algorithms that we don't accept`(_ name: String) throws {
    let token = try Self.text("refused-algorithm-\(name).jwt")
    let algorithm = name.split(separator: "-").first.map(String.init)
    #expect(throws: ServiceAccountTokenError.algorithm(algorithm)) { try verify(token, keys: keys()) }
  }

  @Test func `no signature, or one by another key`() throws {
    let unsigned = try Self.text("refused-algorithm-none.jwt")
    #expect(throws: ServiceAccountTokenError.notThreeSegments) { try verify(unsigned, keys: keys()) }
    #expect(throws: ServiceAccountTokenError.algorithm("none")) { try verify(unsigned + "AA", keys: keys()) }
    let other = try Self.text("refused-signature-other-key.jwt")
    #expect(throws: ServiceAccountTokenError.badSignature) { try verify(other, keys: keys()) }
  }

  /// RFC 7515, appendices A.2 and A.3.
  @Test func `the signatures of the standard's examples`() throws {
    let claims =
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    let modulus =
      "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-"
      + "pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapH"
      + "g665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4F"
      + "RWyuXpoQ"
    let rsaSignature =
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t"
      + "1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j"
      + "zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ"
      + "Ge77Rw"
    let ecSignature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    let rsa = try #require(TokenSigningKey(modulus: bytes(modulus), exponent: [1, 0, 1]))
    let ec = try #require(
      TokenSigningKey(
        x: bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
        y: bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
      )
    )
    let rsaSigned = Array("eyJhbGciOiJSUzI1NiJ9.\(claims)".utf8)
    let ecSigned = Array("eyJhbGciOiJFUzI1NiJ9.\(claims)".utf8)
    #expect(rsa.isValid(try bytes(rsaSignature), over: rsaSigned[...]))
    #expect(ec.isValid(try bytes(ecSignature), over: ecSigned[...]))
    #expect(!rsa.isValid(try bytes(rsaSignature), over: ecSigned[...]))
    #expect(!ec.isValid(try bytes(ecSignature), over: rsaSigned[...]))
  }

  private func bytes(_ text: String) throws -> [UInt8] { try #require(Base64URL.decode(Array(text.utf8)[...])) }
}
