import CertificateAuthority
import FoundationEssentials
import KubernetesAPI
import KubernetesObjects

/// What the authority's Secret holds: the state, and who took the last step of rotation.
struct AuthoritySecret: Sendable, Equatable {
  static let stateName = "authority.json"
  static let fenceName = "fence"
  static let digestName = "sha256"
  private static let type = "amesh.apisix.apache.org/authority"

  var state: AuthorityState
  /// Of the leader who wrote last; nothing is taken from a lower one.
  var fence: Int
  /// What signs where the root that signs is plugged in: a copy, so that neither a bad replacement nor a restart on the way
  /// to the next one leaves the mesh without.
  var signer: PluggedInContents?

  /// Reads a Secret.
  ///
  /// - Parameter path: names the Secret in errors, which hold nothing of its contents.
  init(_ secret: JSONValue, path: String, digester: some Digester) throws(CustodyError) {
    let data = secret["data"]
    // Base64 takes four characters for three bytes.
    let limit = AuthorityStateFormat.maximumBytes / 3 * 4 + 4
    guard let text = data?[Self.stateName]?.string else {
      throw .edited(path: path, problem: "\(Self.stateName) is missing")
    }
    guard text.utf8.count <= limit, let bytes = Data(base64Encoded: text) else {
      throw .edited(path: path, problem: "\(Self.stateName) is too large, or no base64")
    }
    guard let fence = Self.text(data?[Self.fenceName]).flatMap({ Int($0) }), fence >= 0 else {
      throw .edited(path: path, problem: "\(Self.fenceName) is no whole number")
    }
    let state = Array(bytes)
    let signer = Self.signer(data)
    guard Self.text(data?[Self.digestName]) == (try Self.digest(state, fence, signer, path, digester)) else {
      throw .edited(path: path, problem: "its contents are not those of \(Self.digestName)")
    }
    do throws(AuthorityStateError) {
      self.state = try AuthorityStateFormat.decode(state)
    } catch {
      throw .invalid(path: path, error)
    }
    self.fence = fence
    self.signer = signer
  }

  init(state: AuthorityState, fence: Int, signer: PluggedInContents? = nil) {
    self.state = state
    self.fence = fence
    self.signer = signer
  }

  private static let signerPrefix = "signer-"

  private static func signer(_ data: JSONValue?) -> PluggedInContents? {
    let limit = PluggedInContents.maximumBytes / 3 * 4 + 4
    return try? PluggedInContents(of: "") { name throws(PluggedInError) in
      guard let text = data?[signerPrefix + name]?.string, text.utf8.count <= limit else { return nil }
      return Data(base64Encoded: text).map { Array($0) }
    }
  }

  /// The Secret with this in it; whatever else it says stays.
  func written(into secret: JSONValue, path: String, digester: some Digester) throws(CustodyError) -> JSONValue {
    let bytes = AuthorityStateFormat.encode(state)
    var secret = secret
    var data = secret["data"] ?? .object([:])
    data[Self.stateName] = Self.base64(bytes)
    data[Self.fenceName] = Self.base64(Array("\(fence)".utf8))
    data[Self.digestName] = Self.base64(Array(try Self.digest(bytes, fence, signer, path, digester).utf8))
    for name in (data.object?.keys ?? []).filter({ $0.hasPrefix(Self.signerPrefix) }) { data[name] = nil }
    for (name, bytes) in signer?.files ?? [] { data[Self.signerPrefix + name] = Self.base64(bytes) }
    secret["data"] = data
    return secret
  }

  /// A Secret that is not there yet.
  static func newSecret(_ key: ObjectKey) -> JSONValue {
    var metadata: JSONValue = ["name": .string(key.name), "labels": ["app.kubernetes.io/part-of": "amesh"]]
    metadata["namespace"] = key.namespace.map { .string($0) }
    return ["apiVersion": "v1", "kind": "Secret", "type": .string(type), "metadata": metadata]
  }

  private static func base64(_ bytes: [UInt8]) -> JSONValue { .string(Data(bytes).base64EncodedString()) }

  /// Of a short value.
  private static func text(_ value: JSONValue?) -> String? {
    guard let text = value?.string, text.utf8.count <= 128, let data = Data(base64Encoded: text) else { return nil }
    return String(decoding: data, as: UTF8.self)
  }

  /// Tells an edit by hand, or half a restore, from what we have written.
  private static func digest(
    _ state: [UInt8],
    _ fence: Int,
    _ signer: PluggedInContents?,
    _ path: String,
    _ digester: some Digester
  ) throws(CustodyError) -> String {
    do throws(KeyError) {
      var bytes = Array("\(fence) \(state.count)\n".utf8) + state
      for (name, contents) in signer?.files ?? [] { bytes += Array("\(name) \(contents.count)\n".utf8) + contents }
      return Hexadecimal.text(try digester.sha256(bytes[...]))
    } catch {
      throw .unreadable(path: path, problem: "\(error)")
    }
  }
}

extension PluggedInContents {
  /// By the names of their layout.
  fileprivate var files: [(name: String, bytes: [UInt8])] {
    var files = [
      (layout.certificate, certificate), (layout.key, key.withUnsafeBytes { Array($0) }), (layout.roots, roots),
    ]
    if let name = layout.chain, !chain.isEmpty { files.append((name, chain)) }
    return files
  }
}
