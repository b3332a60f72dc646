import NIOCore

/// Puts a body together, within the limit of one body and the budget of all.
struct BodyCollector {
  private let length: Int?
  private let limit: Int
  private let budget: BodyBudget
  private var reserved = 0
  private var bytes: [UInt8] = []

  /// - Parameter length: the Content-Length, already found to be within the limit; nil for a body in chunks.
  init(length: Int?, limit: Int, budget: BodyBudget) {
    self.length = length
    self.limit = limit
    self.budget = budget
  }

  /// Reserves room for a body of known length.
  mutating func begin() throws(HTTPProblem) {
    guard let length else { return }
    try reserve(length)
    // What a client announces is believed as it comes.
    bytes.reserveCapacity(min(length, 1 << 20))
  }

  mutating func append(_ part: ByteBuffer) throws(HTTPProblem) {
    let count = bytes.count + part.readableBytes
    guard count <= limit else { throw .tooLarge(limit: limit) }
    if count > reserved { try reserve(count - reserved) }
    part.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
  }

  func finish() throws(HTTPProblem) -> [UInt8] {
    if let length, bytes.count < length { throw .incompleteBody }
    guard !bytes.isEmpty else { throw .emptyBody }
    return bytes
  }

  /// Gives everything back to the budget; to be called once, at the end.
  mutating func release() {
    budget.release(reserved)
    reserved = 0
  }

  private mutating func reserve(_ count: Int) throws(HTTPProblem) {
    guard budget.reserve(count) else { throw .overloaded }
    reserved += count
  }
}
