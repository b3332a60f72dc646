import KubernetesObjects
import KubernetesYAML
package import SPIFFE

extension StaticTokens {
  /// Reads a list of tokens, in YAML or JSON:
  ///
  ///     tokens:
  ///     - token: 43 random characters of base64, say
  ///       identity: spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/SERVICE_ACCOUNT
  ///
  /// - Parameters:
  ///   - file: nobody but its owner may have any right on it.
  ///   - user: who may own the file next to root, the user that we run as.
  ///   - trustDomain: identities of others are refused.
  package init(file: FileContents, user: UInt32, trustDomain: TrustDomain) throws(StaticTokensError) {
    guard file.permissions & 0o177 == 0 else { throw .permissions(path: file.path, permissions: file.permissions) }
    guard file.owner == user || file.owner == 0 else { throw .owner(path: file.path, owner: file.owner, user: user) }
    guard file.bytes.count <= Self.maximumLength else { throw .tooLong(path: file.path) }
    let documents: [YAMLDocument]
    do {
      documents = try YAMLDocument.stream(file.bytes, limits: Self.limits)
    } catch {
      // Its description may hold a piece of the text, and so of a token.
      throw .notYAML(path: file.path)
    }
    guard documents.count == 1, case .object(let root)? = documents.first?.value, root.keys == ["tokens"],
      case .array(let list)? = root["tokens"], !list.isEmpty
    else { throw .notAList(path: file.path) }
    guard list.count <= Self.maximumCount else { throw .tooMany(path: file.path, count: list.count) }

    var entries: [Entry] = []
    var hashes: Set<CredentialHash> = []
    for (index, element) in list.enumerated() {
      let entry = try Self.entry(element, at: (file.path, index + 1), trustDomain: trustDomain)
      guard hashes.insert(entry.hash).inserted else { throw .repeated(path: file.path, entry: index + 1) }
      entries.append(entry)
    }
    self.init(entries: entries)
  }

  private static var limits: YAMLLimits {
    var limits = YAMLLimits()
    limits.size = maximumLength
    limits.depth = 8
    // As JSON the shortest text of a few bytes is longer already.
    limits.expansion = maximumLength
    return limits
  }

  private static func entry(
    _ value: JSONValue,
    at place: (path: String, entry: Int),
    trustDomain: TrustDomain
  ) throws(StaticTokensError) -> Entry {
    guard case .object(let object) = value, Set(object.keys) == ["token", "identity"],
      let text = object["token"]?.string, let id = object["identity"]?.string
    else { throw .malformedEntry(path: place.path, entry: place.entry) }
    guard tokenLength.contains(text.utf8.count), let token = try? BearerToken(Array(text.utf8)), !token.looksSigned
    else { throw .unfitToken(path: place.path, entry: place.entry) }
    let identity: WorkloadIdentity
    do {
      identity = try WorkloadIdentity(SPIFFEID(id))
    } catch {
      throw .identity(path: place.path, entry: place.entry, error)
    }
    guard identity.trustDomain == trustDomain else {
      throw .foreignTrustDomain(path: place.path, entry: place.entry, identity.trustDomain, own: trustDomain)
    }
    return Entry(hash: token.hash, identity: identity)
  }
}
