import CallerAuthentication
import CredentialFiles
import FoundationEssentials
import Logging
import MeshConfiguration
import SPIFFE
import ServiceLifecycle

/// What callers are authenticated by, from the files that the configuration names.
struct CallerCredentials: Service {
  /// Files that tell who is who, each followed while it changes.
  private struct Followed {
    let path: String
    let maximumLength: Int
    /// What is in force, so that what changes before anybody looks again is not missed.
    let seen: Seen
    /// - Returns: what is to be warned of.
    let apply: @Sendable (FileContents) throws -> [String]

    func read() throws -> FileContents { try CredentialFile.read(path, maximumLength: maximumLength) }
  }

  let methods: [any AuthenticationMethod]
  private let followed: [Followed]
  private let logger: Logger
  private let onFailure: @Sendable () -> Void
  /// From one look at the files to the next.
  var interval = Duration.seconds(2)

  /// Reads the files; they have to be usable.
  ///
  /// - Parameters:
  ///   - cluster: judges ServiceAccount tokens where no file of keys is named; nil without a cluster.
  ///   - onFailure: called when a file's replacement is refused.
  init(
    _ settings: IdentitySettings.Tokens,
    trustDomain: TrustDomain,
    cluster: (any AuthenticationMethod)?,
    logger: Logger,
    onFailure: @escaping @Sendable () -> Void
  ) throws(Failure) {
    var methods: [any AuthenticationMethod] = []
    var followed: [Followed] = []
    self.logger = logger
    self.onFailure = onFailure
    if let path = settings.staticFile {
      let (tokens, seen) = try Self.load("identity.tokens.staticFile", path, StaticTokens.maximumLength) {
        try StaticTokens(file: $0, user: CredentialFile.user, trustDomain: trustDomain)
      }
      let method = ReplaceableTokens(tokens)
      methods.append(method)
      followed.append(
        Followed(path: path, maximumLength: StaticTokens.maximumLength, seen: seen) { file in
          method.replace(with: try StaticTokens(file: file, user: CredentialFile.user, trustDomain: trustDomain))
          return []
        }
      )
    }
    if let path = settings.keysFile {
      let (keys, seen) = try Self.load("identity.tokens.keysFile", path, TokenSigningKeys.maximumLength) {
        try Self.keys($0)
      }
      for warning in keys.warnings { logger.warning("\(warning)", metadata: ["path": "\(path)"]) }
      let policy: ServiceAccountTokenPolicy
      do {
        policy = try ServiceAccountTokenPolicy(
          trustDomain: trustDomain,
          issuer: settings.issuer ?? IdentitySettings.Tokens.usualIssuer,
          audiences: settings.audiences,
          requireBoundPod: settings.mustBeBound
        )
      } catch {
        throw Failure(.configuration, "identity.tokens: \(error)")
      }
      let method = ServiceAccountTokens(keys: keys, policy: policy)
      methods.append(method)
      followed.append(
        Followed(path: path, maximumLength: TokenSigningKeys.maximumLength, seen: seen) { file in
          let keys = try Self.keys(file)
          method.replace(keys: keys)
          return keys.warnings
        }
      )
    }
    if settings.keysFile == nil, let cluster { methods.append(cluster) }
    self.methods = methods
    self.followed = followed
  }

  /// Whoever may write them may be anybody.
  private static func keys(_ file: FileContents) throws -> TokenSigningKeys {
    guard file.permissions & 0o022 == 0 else {
      throw Failure(
        .configuration,
        "\(file.path) has mode 0\(String(file.permissions, radix: 8)), so others may change whose tokens are good; "
          + "run: chmod go-w \(file.path)"
      )
    }
    let user = CredentialFile.user
    guard file.owner == user || file.owner == 0 else {
      throw Failure(
        .configuration,
        "\(file.path) belongs to user \(file.owner), who could change whose tokens are good; run: chown \(user) \(file.path)"
      )
    }
    return try TokenSigningKeys(parsing: file.bytes)
  }

  private static func load<Value>(
    _ key: String,
    _ path: String,
    _ maximumLength: Int,
    _ parse: (FileContents) throws -> Value
  ) throws(Failure) -> (Value, Seen) {
    do {
      let file = try CredentialFile.read(path, maximumLength: maximumLength)
      return (try parse(file), Seen(file))
    } catch {
      throw Failure(.configuration, "\(key): \(error)")
    }
  }

  /// Takes over each file's new content; one that can't be used changes nothing but is told, once.
  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var seen: [Seen?] = followed.map(\.seen)
      while true {
        try await Task.sleep(for: interval)
        for (index, file) in followed.enumerated() {
          let found = Result { try file.read() }
          let new = (try? found.get()).map(Seen.init)
          guard new != seen[index] else { continue }
          seen[index] = new
          take(file, found)
        }
      }
    }
  }

  private func take(_ file: Followed, _ found: Result<FileContents, any Error>) {
    do {
      let warnings = try file.apply(try found.get())
      logger.notice("The file that tells who is who has changed", metadata: ["path": "\(file.path)"])
      for warning in warnings { logger.warning("\(warning)", metadata: ["path": "\(file.path)"]) }
    } catch {
      onFailure()
      logger.error(
        "The file that tells who is who can't be used; what it held before stays in force",
        metadata: ["path": "\(file.path)", "error": "\(error)"]
      )
    }
  }
}

/// What a change of a file is known by: the content's hash, so that no token stays in memory.
private struct Seen: Equatable {
  let hash: CredentialHash
  let permissions: UInt32
  let owner: UInt32

  init(_ file: FileContents) {
    hash = CredentialHash(of: file.bytes)
    permissions = file.permissions
    owner = file.owner
  }
}
