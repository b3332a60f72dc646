import FoundationEssentials

/// What was found of tokens that were verified a moment ago, by their hash: a bounded value without a clock.
///
/// Only tokens that were accepted are kept: a refusal is cheap, and keeping refusals would let strangers fill it.
struct VerifiedTokenCache: Sendable {
  /// Nothing is taken for verified for longer than this, in seconds.
  static let maximumAge: TimeInterval = 60

  private struct Entry {
    let token: ServiceAccountToken
    let from: Date
    let until: Date
  }

  private let capacity: Int
  private var entries: [CredentialHash: Entry] = [:]
  /// Hashes in the order in which they came, a ring once it is full; they expire nearly in this order.
  private var order: [CredentialHash] = []
  private var oldest = 0

  /// - Parameter capacity: tokens; the oldest gives way.
  init(capacity: Int) {
    self.capacity = max(1, capacity)
  }

  var count: Int { entries.count }

  /// What was found when the token was verified; nil if that is too long ago, or lies in the future since the clock was
  /// set back.
  func token(_ hash: CredentialHash, at now: Date) -> ServiceAccountToken? {
    guard let entry = entries[hash], entry.from <= now, now < entry.until else { return nil }
    return entry.token
  }

  /// Keeps a token that was verified at `now`, until it expires or is ``maximumAge`` old.
  mutating func insert(_ token: ServiceAccountToken, hash: CredentialHash, at now: Date) {
    let entry = Entry(token: token, from: now, until: min(token.expiresAt, now + Self.maximumAge))
    guard entries.updateValue(entry, forKey: hash) == nil else { return }
    if order.count < capacity {
      order.append(hash)
    } else {
      entries[order[oldest]] = nil
      order[oldest] = hash
      oldest = (oldest + 1) % capacity
    }
  }

  mutating func removeAll() { self = VerifiedTokenCache(capacity: capacity) }
}
