import KubernetesObjects
import Testing

struct AdmissionResponseTests {
  private static let request: JSONValue = [
    "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": ["uid": "u-1"],
  ]

  private func body(_ response: AdmissionResponse, version: AdmissionReview.Version = .v1) throws -> JSONValue {
    var request = Self.request
    request["apiVersion"] = .string(version.rawValue)
    let review = try AdmissionReview(parsing: request.serialized())
    return try JSONValue(parsing: response.serialized(for: review))
  }

  @Test(arguments: AdmissionReview.Version.allCases)
  func `a plain allow has nothing but uid and allowed`(version: AdmissionReview.Version) throws {
    #expect(
      try body(AdmissionResponse(), version: version) == [
        "apiVersion": .string(version.rawValue), "kind": "AdmissionReview",
        "response": ["uid": "u-1", "allowed": true],
      ]
    )
  }

  @Test func `a patch comes with its type, in base64`() throws {
    let response = AdmissionResponse(patch: Array("[]".utf8), auditAnnotations: [("injected", "true")])
    #expect(
      try body(response)["response"] == [
        "uid": "u-1", "allowed": true, "patchType": "JSONPatch", "patch": "W10=",
        "auditAnnotations": ["injected": "true"],
      ]
    )
  }

  @Test func `a denial has a status and never a patch`() throws {
    let response = AdmissionResponse(
      denial: AdmissionResponse.Status(code: 422, reason: "Invalid", message: "no \"thing\"\n"),
      patch: Array("[]".utf8),
      warnings: ["careful"]
    )
    #expect(
      try body(response)["response"] == [
        "uid": "u-1", "allowed": false,
        "status": ["status": "Failure", "message": "no \"thing\"\n", "reason": "Invalid", "code": 422],
        "warnings": ["careful"],
      ]
    )
  }

  @Test(arguments: ["a", "ä", "👩‍👩‍👧‍👦"])
  func `a warning is cut on a character's boundary`(character: String) throws {
    let fits = String(repeating: character, count: 120)
    let cut = String(repeating: character, count: 119) + "…"
    let warnings = try body(AdmissionResponse(warnings: [fits, fits + character]))["response"]?["warnings"]
    #expect(warnings == [.string(fits), .string(cut)] || warnings == [.string(fits)])
    #expect(warnings?[0]?.string?.count == 120)
  }

  @Test func `warnings become single lines`() throws {
    let warnings = try body(AdmissionResponse(warnings: ["one\r\ntwo\u{0}\u{7F}"]))["response"]?["warnings"]
    #expect(warnings == ["one  two  "])
  }

  @Test func `all warnings together stay below what the API server would cut`() throws {
    let many = (0..<100).map { "\($0) " + String(repeating: "x", count: 100) }
    let warnings = try #require(try body(AdmissionResponse(warnings: many))["response"]?["warnings"]?.array)
    #expect(warnings.count > 30)
    #expect(warnings.reduce(0) { $0 + ($1.string?.utf8.count ?? 0) } <= 4096)
    #expect(warnings.first?.string == many.first)
  }

  /// RFC 4648, section 10, and every remainder around it.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"), ("\u{FF}\u{3FF}", "w7/Pvw=="), ("~~~???", "fn5+Pz8/"),
  ])
  func `patches are encoded as RFC 4648 says`(text: String, encoded: String) throws {
    #expect(try body(AdmissionResponse(patch: Array(text.utf8)))["response"]?["patch"]?.string == encoded)
  }
}
