import AmeshTesting
import CertificateAuthority
import FoundationEssentials
import OpenSSLKeys
import Testing

@Suite struct OpenSSLKeyTests {
  let library = OpenSSL()
  let message = Array("what is signed".utf8)

  @Test(arguments: KeyAlgorithm.allCases)
  func `a signature is valid for its key and its bytes only`(_ algorithm: KeyAlgorithm) throws {
    let key = try KeyPool.key(algorithm)
    #expect(key.algorithm == algorithm)
    let signature = try key.sign(message)
    func isValid(_ signature: [UInt8], _ bytes: [UInt8], _ signer: PublicKey) throws -> Bool {
      try library.isValid(signature, algorithm: algorithm.signatureAlgorithm, over: bytes[...], by: signer)
    }
    #expect(try isValid(signature, message, key.publicKey))
    #expect(try !isValid(signature, message + [0], key.publicKey))
    #expect(try !isValid(signature, [], key.publicKey))
    #expect(try !isValid([], message, key.publicKey))
    #expect(try !isValid(signature + [0], message, key.publicKey))
    #expect(try !isValid(signature.dropLast(), message, key.publicKey))
    var flipped = signature
    flipped[signature.count / 2] ^= 1
    #expect(try !isValid(flipped, message, key.publicKey))
    for other in KeyAlgorithm.allCases where other != algorithm {
      #expect(try !isValid(signature, message, KeyPool.key(other).publicKey))
    }
  }

  @Test(arguments: KeyAlgorithm.allCases)
  func `an algorithm that did not make the signature does not accept it`(_ algorithm: KeyAlgorithm) throws {
    let key = try KeyPool.key(algorithm)
    let signature = try key.sign(message)
    for other in SignatureAlgorithm.allCases where other != algorithm.signatureAlgorithm {
      #expect(try !library.isValid(signature, algorithm: other, over: message[...], by: key.publicKey))
    }
  }

  @Test(arguments: KeyAlgorithm.allCases)
  func `an exported key is read again as the same`(_ algorithm: KeyAlgorithm) throws {
    let key = try KeyPool.key(algorithm)
    let pem = try key.privateKeyPEM()
    #expect(String(decoding: pem.exposed, as: UTF8.self).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
    let imported = try library.importKey(pem: pem)
    #expect(imported.publicKey == key.publicKey)
    #expect(try imported.privateKeyPEM() == pem)
  }

  @Test(arguments: KeyAlgorithm.allCases)
  func `the openssl command sees the same public key and accepts the signature`(_ algorithm: KeyAlgorithm) throws {
    let key = try KeyPool.key(algorithm)
    let pem = Data(try key.privateKeyPEM().exposed)
    let info = try OpenSSLCommand.run(["pkey", "-pubout", "-outform", "DER"], input: pem)
    #expect(Array(info.output) == key.publicKey.derBytes)
    let folder = try TemporaryFolder()
    let files = (
      key: try folder.write("key.der", key.publicKey.derBytes), signature: try folder.write("sig", key.sign(message)),
      message: try folder.write("message", message)
    )
    let digest = algorithm == .ecdsaP384 ? "-sha384" : "-sha256"
    let verdict = try OpenSSLCommand.run(
      ["dgst", digest, "-verify", files.key, "-keyform", "DER", "-signature", files.signature, files.message]
    )
    #expect(verdict.status == 0, "\(verdict.text)\(verdict.errors)")
  }

  @Test(arguments: [
    ["ecparam", "-genkey", "-name", "prime256v1"], ["ecparam", "-genkey", "-noout", "-name", "secp384r1"],
    ["genrsa", "-traditional", "2048"], ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  ])
  func `keys are read in the forms that tools write`(_ command: [String]) throws {
    let made = try OpenSSLCommand.run(command)
    let key = try library.importKey(pem: SecretBytes(copying: made.output))
    let info = try OpenSSLCommand.run(["pkey", "-pubout", "-outform", "DER"], input: made.output)
    #expect(key.publicKey.derBytes == Array(info.output))
  }

  @Test(arguments: [
    ["ecparam", "-genkey", "-noout", "-name", "secp521r1"], ["ecparam", "-genkey", "-noout", "-name", "secp256k1"],
    ["genpkey", "-algorithm", "ED25519"], ["genpkey", "-algorithm", "X25519"], ["genrsa", "1024"], ["genrsa", "2056"],
  ])
  func `keys that the mesh does not use are refused by name`(_ command: [String]) throws {
    let made = try OpenSSLCommand.run(command)
    let error = try #require(throws: KeyError.self) { try library.importKey(pem: SecretBytes(copying: made.output)) }
    guard case .unsupported = error else { throw error }
  }

  @Test(arguments: [
    "", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----", String(repeating: "x", count: 40 << 10),
  ])
  func `what is no key is refused`(_ text: String) throws {
    let error = try #require(throws: KeyError.self) { try library.importKey(pem: SecretBytes(text)) }
    guard case .unreadable(let reason) = error else { throw error }
    #expect(!reason.isEmpty)
    // The next operation on this thread is not blamed for the last.
    #expect(try library.sha256(message[...]).count == 32)
  }

  @Test func `an encrypted key is refused without asking for its password`() throws {
    let made = try OpenSSLCommand.run(
      ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes256", "-pass", "pass:secret"]
    )
    let error = try #require(throws: KeyError.self) { try library.importKey(pem: SecretBytes(copying: made.output)) }
    guard case .unreadable = error else { throw error }
  }

  @Test func `a point off its curve is an error`() throws {
    let point = [4] + [UInt8](repeating: 7, count: 64)
    let key = try PublicKey(point: point, on: .ecdsaP256)
    let error = try #require(throws: KeyError.self) {
      try library.isValid([1], algorithm: .ecdsaSHA256, over: [1], by: key)
    }
    #expect(error.description.contains("EC public key"))
  }

  @Test(arguments: [KeyAlgorithm.ecdsaP256, .ecdsaP384, .rsa2048])
  func `threads share a key`(_ algorithm: KeyAlgorithm) async throws {
    let key = try KeyPool.key(algorithm)
    let valid = try await withThrowingTaskGroup(of: Int.self) { group in
      for task in 0..<8 {
        group.addTask { @concurrent in
          try (0..<50).count { round in
            let bytes = Array("\(task) \(round)".utf8)
            let signature = try key.sign(bytes)
            return try OpenSSL().isValid(
              signature,
              algorithm: algorithm.signatureAlgorithm,
              over: bytes[...],
              by: key.publicKey
            )
          }
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(valid == 400)
  }

  @Test func `a key shows nothing of itself`() throws {
    let key = try KeyPool.key(.ecdsaP256)
    let pem = try key.privateKeyPEM()
    var dumped = ""
    dump((key, pem), to: &dumped)
    let shown = ["\(key)", String(reflecting: key), "\(pem)", String(reflecting: pem), dumped].joined(separator: "\n")
    let body = String(decoding: pem.exposed, as: UTF8.self).split(separator: "\n")
    for line in body where !line.hasPrefix("-") { #expect(!shown.contains(line)) }
    #expect(shown.contains("redacted"))
  }
}
