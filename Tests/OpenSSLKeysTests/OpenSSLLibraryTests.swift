import AmeshTesting
import CertificateAuthority
import FoundationEssentials
import OpenSSLKeys
import Testing

@Suite struct OpenSSLLibraryTests {
  let library = OpenSSL()

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ])
  func `SHA-256 gives the values of FIPS 180`(_ text: String, _ digest: String) throws {
    #expect(try Hexadecimal.text(library.sha256(Array(text.utf8)[...])) == digest)
  }

  @Test func `random bytes are as many as asked and never the same`() throws {
    let draws = try (0..<100).map { _ in try library.randomBytes(16) }
    #expect(Set(draws).count == 100)
    #expect(draws.allSatisfy { $0.count == 16 })
    #expect(try library.randomBytes(0).isEmpty)
    #expect(throws: KeyError.self) { try library.randomBytes(-1) }
  }

  @Test func `serial numbers are positive and have 127 bits at most`() throws {
    let serials = try (0..<1000).map { _ in try SerialNumber.random(from: library) }
    #expect(Set(serials).count == 1000)
    for serial in serials { #expect(serial.bytes.count < 16 || (serial.bytes.count == 16 && serial.bytes[0] < 128)) }
  }

  @Test(arguments: KeyAlgorithm.allCases)
  func `a key is opened by the URI of its file`(_ algorithm: KeyAlgorithm) throws {
    let key = try KeyPool.key(algorithm)
    let folder = try TemporaryFolder()
    let file = try folder.write("key.pem", key.privateKeyPEM().exposed)
    #expect(try library.openKey(at: "file:\(file)").publicKey == key.publicKey)
  }

  @Test func `a URI gives one key or an error`() throws {
    let folder = try TemporaryFolder()
    let one = try KeyPool.key(.ecdsaP256).privateKeyPEM().exposed
    let two = try KeyPool.key(.ecdsaP384).privateKeyPEM().exposed
    let encrypted = try OpenSSLCommand.run(
      ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes256", "-pass", "pass:secret"]
    ).output
    let uris = try [
      "", "nothing", "/no/scheme", "file:\(folder.path)/absent.pem", "unknown-scheme:key", "file:a\u{0}b",
      "file:" + folder.write("both.pem", one + two), "file:" + folder.write("empty.pem", ""),
      "file:" + folder.write("encrypted.pem", encrypted), "file:" + folder.write("text.pem", "no key"),
    ]
    for uri in uris {
      let error = try #require(throws: KeyError.self, "\(uri)") { try library.openKey(at: uri) }
      guard case .notFound(uri, let reason) = error else { throw error }
      #expect(!reason.isEmpty)
    }
  }

  @Test(arguments: ["nothing:token=a?pin-value=1234", "nothing:token=a;pin-value=1234", "pin-value=1234"])
  func `a PIN in a URI shows in no error`(_ uri: String) throws {
    let error = try #require(throws: KeyError.self) { try library.openKey(at: uri) }
    guard case .notFound = error else { throw error }
    #expect(!error.description.contains("1234"))
  }

  /// For keys in tokens, where the machine has a provider for them: AMESH_TEST_KEY_URI='pkcs11:…' swift test.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["AMESH_TEST_KEY_URI"] != nil))
  func `a key in a token signs`() throws {
    let uri = try #require(ProcessInfo.processInfo.environment["AMESH_TEST_KEY_URI"])
    let key = try library.openKey(at: uri)
    let message = Array("message".utf8)
    let signature = try key.sign(message)
    let algorithm = key.algorithm.signatureAlgorithm
    #expect(try library.isValid(signature, algorithm: algorithm, over: message[...], by: key.publicKey))
  }
}
