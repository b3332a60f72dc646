import AmeshTesting
import CertificateAuthority
import FoundationEssentials
import OpenSSLKeys
import SPIFFE
import Testing

@Suite struct CertificateRequestTests {
  let library = OpenSSL()

  @Test(arguments: KeyAlgorithm.allCases, ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"])
  func `a request proves its key`(_ algorithm: KeyAlgorithm, _ label: String) throws {
    let der = try RequestMaker.der(RequestMaker.make(algorithm, subject: "/O=Org/CN=x", names: "DNS:a.example"))
    let request = try CertificateRequest(pem: RequestMaker.pem(der, label: label))
    #expect(request.publicKey == (try KeyPool.key(algorithm).publicKey))
    #expect(try ProvenKey(request, verifier: library).publicKey == request.publicKey)
  }

  @Test(arguments: ["-sha256", "-sha384", "-sha512"])
  func `longer digests are accepted too`(_ digest: String) throws {
    for algorithm in [KeyAlgorithm.ecdsaP256, .rsa2048] {
      let key = try KeyPool.key(algorithm).privateKeyPEM().withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
      let request = try CertificateRequest(pem: RequestMaker.make(key: key, options: [digest]))
      #expect(throws: Never.self) { try ProvenKey(request, verifier: library) }
    }
  }

  /// Made by tools, each with the refusal that it meets.
  @Test(arguments: [
    (["genrsa", "1024"], "RSA keys of 1024 bits"),
    (["genrsa", "2056"], "RSA keys of 2056 bits"),
    (
      ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"],
      "exponent"
    ),
    (["ecparam", "-genkey", "-noout", "-name", "secp521r1"], "1.3.132.0.35"),
    (["ecparam", "-genkey", "-noout", "-name", "secp256k1"], "1.3.132.0.10"),
    (["ecparam", "-genkey", "-noout", "-name", "prime256v1", "-param_enc", "explicit"], "well-formed"),
    (["genpkey", "-algorithm", "ED25519"], "1.3.101.112"),
    (["genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"], "1.2.840.113549.1.1.10"),
  ])
  func `keys outside the list are refused before anything is verified`(_ command: [String], _ words: String) throws {
    let pem = try RequestMaker.make(key: OpenSSLCommand.run(command).text)
    let error = try #require(throws: CertificateRequestError.self) { try CertificateRequest(pem: pem) }
    guard case .unacceptableKey(let problem) = error else { throw error }
    #expect(problem.description.contains(words), "\(problem)")
  }

  @Test func `what is no single request in PEM is refused`() throws {
    let pem = try RequestMaker.make(.ecdsaP256)
    let der = try RequestMaker.der(pem)
    let padding = [UInt8](repeating: UInt8(ascii: "\n"), count: CertificateRequest.maximumPEMBytes - pem.count)
    #expect(throws: Never.self) { try CertificateRequest(pem: pem + padding) }
    let table: [([UInt8], CertificateRequestError)] = [
      ([], .notPEM(.noBlock)),
      (der, .notPEM(.textOutsideBlock)),
      (pem + padding + [10], .notPEM(.tooLong(limit: 16_384))),
      (pem + pem, .notPEM(.tooManyBlocks(limit: 1))),
      (Array("request:\n".utf8) + pem, .notPEM(.textOutsideBlock)),
      (RequestMaker.pem(der, label: "CERTIFICATE"), .wrongLabel("CERTIFICATE")),
      (RequestMaker.pem(der, label: "PRIVATE KEY"), .wrongLabel("PRIVATE KEY")),
      (RequestMaker.pem(der + [0]), .malformed),
      (RequestMaker.pem(der.dropLast()), .malformed),
      (RequestMaker.pem([0x30, 0]), .malformed),
      (RequestMaker.pem([0x30, 0x80, 0, 0]), .malformed),
      (RequestMaker.pem(Array(repeating: 0x30, count: 6000)), .malformed),
      (RequestMaker.pem(try TestAuthority().root.derBytes), .malformed),
    ]
    for (bytes, problem) in table {
      #expect(throws: problem) { try CertificateRequest(pem: bytes) }
    }
  }

  @Test(arguments: KeyAlgorithm.allCases)
  func `a signature by another key is no proof`(_ algorithm: KeyAlgorithm) throws {
    var der = try RequestMaker.der(RequestMaker.make(algorithm, subject: "/CN=aaaa"))
    let name = try #require(der.firstRange(of: Array("aaaa".utf8)))
    der.replaceSubrange(name, with: Array("aaab".utf8))
    let request = try CertificateRequest(derBytes: der)
    #expect(throws: CertificateRequestError.badSignature) { try ProvenKey(request, verifier: library) }
  }

  @Test func `a point off its curve is refused`() throws {
    var der = try RequestMaker.der(RequestMaker.make(.ecdsaP256))
    let point = try KeyPool.key(.ecdsaP256).publicKey.keyBits
    let range = try #require(der.firstRange(of: point))
    der[range.upperBound - 1] ^= 1
    let request = try CertificateRequest(derBytes: der)
    let error = try #require(throws: CertificateRequestError.self) { try ProvenKey(request, verifier: library) }
    guard case .unusableKey = error else { throw error }
  }

  @Test(
    arguments: [
      // RSA with SHA-256, over an EC key.
      ([0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11, 5, 0], CertificateRequestError.signatureDoesNotFitKey),
      // ECDSA with SHA-1, RSA with MD5, and ECDSA with a parameter that does not belong there.
      ([0x06, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 1], .unsupportedSignature),
      ([0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 4, 5, 0], .unsupportedSignature),
      ([0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2, 5, 0], .unsupportedSignature),
      ([], .unsupportedSignature),
    ] as [([UInt8], CertificateRequestError)]
  )
  func `a signature algorithm has to be known and fit the key`(
    _ identifier: [UInt8],
    _ problem: CertificateRequestError
  ) throws {
    let request = try CertificateRequest(pem: RequestMaker.make(.ecdsaP256))
    let signature = RequestMaker.tagged(3, [0] + request.signature)
    let der = RequestMaker.tagged(0x30, request.signedBytes + RequestMaker.tagged(0x30, identifier) + signature)
    #expect(throws: problem) { try CertificateRequest(derBytes: der) }
  }

  @Test(
    arguments: [
      (bits: 8192, exponent: [1, 0, 1], problem: PublicKeyError.unsupportedSize(bits: 8192)),
      (bits: 2047, exponent: [1, 0, 1], problem: .unsupportedSize(bits: 2047)),
      (bits: 2048, exponent: [3], problem: .unsupportedExponent),
      (bits: 2048, exponent: [1, 0, 0], problem: .unsupportedExponent),
      (bits: 2048, exponent: [1, 0, 0, 0, 1], problem: .unsupportedExponent),
    ] as [(bits: Int, exponent: [UInt8], problem: PublicKeyError)]
  )
  func `RSA numbers outside the list are refused`(_ bits: Int, _ exponent: [UInt8], _ problem: PublicKeyError) {
    let first: UInt8 = bits % 8 == 0 ? 0x80 : 0x7F
    let modulus = [first] + [UInt8](repeating: 0xFF, count: (bits - 1) / 8)
    #expect(throws: problem) { try PublicKey(modulus: modulus, exponent: exponent) }
  }

  @Test(arguments: [
    ([2] + [UInt8](repeating: 1, count: 32), KeyAlgorithm.ecdsaP256),
    ([4] + [UInt8](repeating: 1, count: 63), .ecdsaP256),
    ([4] + [UInt8](repeating: 1, count: 64), .ecdsaP384), ([0], .ecdsaP256), ([], .ecdsaP256),
    ([6] + [UInt8](repeating: 1, count: 64), .ecdsaP256), ([4] + [UInt8](repeating: 1, count: 64), .rsa2048),
  ])
  func `points are uncompressed and as long as their curve wants`(_ point: [UInt8], _ algorithm: KeyAlgorithm) {
    #expect(throws: PublicKeyError.malformed) { try PublicKey(point: point, on: algorithm) }
  }

  @Test(arguments: 0..<8)
  func `a changed request is refused or is the same request`(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let algorithm: KeyAlgorithm = seed % 2 == 0 ? .ecdsaP256 : .rsa2048
    let der = try RequestMaker.der(RequestMaker.make(algorithm, subject: "/CN=x", names: "URI:spiffe://td/a,DNS:b"))
    let identity = try WorkloadIdentity(trustDomain: TrustDomain("td"), namespace: "a", serviceAccount: "b")
    let original = try CertificateRequest(derBytes: der)
    var parsed = 0
    for _ in 0..<2_000 {
      let changed = Mutation.change(der, using: &random)
      guard let request = try? CertificateRequest(pem: RequestMaker.pem(changed.isEmpty ? [0] : changed)) else {
        continue
      }
      parsed += 1
      try? request.checkNames(are: identity)
      guard (try? ProvenKey(request, verifier: library)) != nil else { continue }
      #expect(request.signedBytes.elementsEqual(original.signedBytes))
    }
    #expect(parsed > 10)
  }
}
