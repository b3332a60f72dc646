import KubernetesObjects
import SPIFFE

extension AuthorityStateFormat {
  /// Reads what ``encode(_:)`` has written, and nothing else: unknown members, unknown versions and contradictions are
  /// refused, since half-understood state is worse than none.
  package static func decode(_ bytes: [UInt8]) throws(AuthorityStateError) -> AuthorityState {
    guard bytes.count <= maximumBytes else { throw .tooLarge(bytes: bytes.count, limit: maximumBytes) }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONDocument(parsing: bytes, maximumDepth: 8).root.value
    } catch {
      throw .notJSON(Self.withoutContents(error))
    }
    // The version first: of another one, other members are to be expected.
    if let found = value["version"]?.integer, found != version { throw .unknownVersion(found) }
    let object = try StrictObject(
      value,
      "",
      knowing: ["version", "generation", "trustDomain", "roots", "intermediates"]
    )
    _ = try object.integer("version")
    var roots: [AuthorityRoot] = []
    for (index, root) in try object.array("roots", limit: AuthorityState.maximumRoots).enumerated() {
      roots.append(try decodeRoot(root, "roots[\(index)]"))
    }
    var intermediates: [IntermediateRecord] = []
    let records = try object.array("intermediates", limit: AuthorityState.maximumIntermediates)
    for (index, record) in records.enumerated() {
      intermediates.append(try decodeIntermediate(record, "intermediates[\(index)]"))
    }
    let state = AuthorityState(
      generation: try object.integer("generation"),
      trustDomain: try decodeTrustDomain(object),
      roots: roots,
      intermediates: intermediates
    )
    if let flaw = state.flaw { throw .contradiction(flaw) }
    return state
  }

  private static func decodeTrustDomain(_ object: StrictObject) throws(AuthorityStateError) -> TrustDomain {
    let text = try object.string("trustDomain")
    do throws(SPIFFEIDError) {
      return try TrustDomain(text)
    } catch {
      throw object.wrong("trustDomain", "is no trust domain: \(error)")
    }
  }

  private static func certificate(_ text: String) -> [UInt8]? {
    let blocks = try? PEM.blocks(in: Array(text.utf8), maximumBytes: maximumBytes, maximumBlocks: 1)
    guard let block = blocks?.first, block.label == "CERTIFICATE" else { return nil }
    return block.derBytes
  }

  private static func decodeRoot(_ value: JSONValue, _ path: String) throws(AuthorityStateError) -> AuthorityRoot {
    let keys: Set = ["id", "certificate", "key", "prepared", "activated", "superseded", "retired"]
    let object = try StrictObject(value, path, knowing: keys)
    let der = certificate(try object.string("certificate"))
    guard let der else { throw object.wrong("certificate", "is not one PEM certificate") }
    let certificate: RootCertificate
    do throws(RootCertificateError) {
      certificate = try RootCertificate(derEncoded: der)
    } catch {
      throw object.wrong("certificate", "is no root certificate: \(error)")
    }
    guard try object.string("id") == certificate.id.rawValue else {
      throw object.wrong("id", "is not that of the certificate")
    }
    var root = AuthorityRoot(
      certificate: certificate,
      key: try decodeKey(object),
      prepared: try decodeStamp(object, "prepared")
    )
    if object.has("activated") { root.activated = try decodeStamp(object, "activated") }
    if object.has("superseded") { root.superseded = try decodeStamp(object, "superseded") }
    if object.has("retired") { root.retired = try decodeStamp(object, "retired") }
    return root
  }

  private static func decodeKey(_ root: StrictObject) throws(AuthorityStateError) -> RootKey? {
    guard root.has("key") else { return nil }
    let object = try StrictObject(try root.value("key"), "\(root.path).key", knowing: ["pem", "uri"])
    switch (object.has("pem"), object.has("uri")) {
    case (true, false): return .pem(SecretBytes(try object.string("pem")))
    case (false, true): return .uri(try object.string("uri"))
    default: throw root.wrong("key", "needs either pem or uri")
    }
  }

  private static func decodeIntermediate(
    _ value: JSONValue,
    _ path: String
  ) throws(AuthorityStateError) -> IntermediateRecord {
    let keys: Set = ["id", "root", "replica", "notAfter", "leafCap", "recorded", "dropped"]
    let object = try StrictObject(value, path, knowing: keys)
    guard let id = AuthorityID(try object.string("id")) else { throw object.wrong("id", "is no id") }
    guard let root = AuthorityID(try object.string("root")) else { throw object.wrong("root", "is no id") }
    let replica = try object.string("replica")
    guard (1...253).contains(replica.utf8.count) else { throw object.wrong("replica", "is no name of a replica") }
    guard let notAfter = Timestamp.parse(try object.string("notAfter")) else {
      throw object.wrong("notAfter", "is no time like 2026-01-31T12:00:00Z")
    }
    // States of before it was written down are without it.
    let leafCap = object.has("leafCap") ? try object.integer("leafCap") : IntermediateRecord.unstatedLeafCap
    guard (1...IntermediateRecord.maximumLeafCap).contains(leafCap) else {
      throw object.wrong("leafCap", "is not from 1 to \(IntermediateRecord.maximumLeafCap) seconds")
    }
    return IntermediateRecord(
      id: id,
      root: root,
      replica: replica,
      notAfter: notAfter,
      leafCap: leafCap,
      recorded: try decodeStamp(object, "recorded"),
      dropped: object.has("dropped") ? try decodeStamp(object, "dropped") : nil
    )
  }

  private static func decodeStamp(_ parent: StrictObject, _ key: String) throws(AuthorityStateError) -> Stamp {
    let object = try StrictObject(try parent.value(key), "\(parent.path).\(key)", knowing: ["generation", "time"])
    guard let time = Timestamp.parse(try object.string("time")) else {
      throw object.wrong("time", "is no time like 2026-01-31T12:00:00Z")
    }
    return Stamp(generation: try object.integer("generation"), time: time)
  }

  /// A parse error names bytes and keys of the text, which may be those of a key.
  private static func withoutContents(_ error: JSONError) -> String {
    switch error.kind {
    case .unexpectedByte: "unexpected byte at byte \(error.offset)"
    case .duplicateKey: "duplicate key at byte \(error.offset)"
    default: error.description
    }
  }
}
