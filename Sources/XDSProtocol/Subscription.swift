/// One name that a stream is subscribed to, and what its client was told of it. There are tens of thousands of these:
/// strings of at most 15 bytes need no memory of their own, and versions share that of the resource.
struct Subscription: Sendable, Equatable {
  enum Told: Sendable, Equatable {
    case nothing
    case version(String)
    case absence
  }

  enum Standing: UInt8, Sendable {
    case unanswered
    case acknowledged
    case rejected
  }

  let name: String
  var told = Told.nothing
  /// The response that told it; 0: none of this stream.
  var nonce: UInt64 = 0
  var standing = Standing.unanswered

  /// What is to be sent of what was looked up: nothing, where the client was told the same.
  func news(_ lookup: XDSLookup) throws(XDSStatus) -> News {
    switch lookup {
    case .found(let resource): told == .version(resource.version) ? .none : .resource(resource)
    case .pending: .none
    case .absent: told == .absence ? .none : .absence
    case .refused: throw .refused(name)
    }
  }

  enum News {
    case none
    case resource(XDSResource)
    case absence
  }

  mutating func tell(_ told: Told, nonce: UInt64) {
    self.told = told
    self.nonce = nonce
    standing = .unanswered
  }
}
