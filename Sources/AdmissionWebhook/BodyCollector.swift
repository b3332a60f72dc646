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

  mutating func append(_ part: ByteBuffer) throws(HTTPProblem) {
    let count = bytes.count + part.readableBytes
    guard count <= limit else { throw .tooLarge(limit: limit) }
    // By what has come, not by what is announced: announcing costs a client nothing.
    let isLarge = max(count, length ?? 0) > BodyBudget.smallBodyBytes
    guard budget.reserve(count - reserved, isLarge: isLarge) else { throw .overloaded }
    reserved = count
    if bytes.isEmpty, let length { bytes.reserveCapacity(min(length, 1 << 16)) }
    part.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
  }

  /// Hands the body over: the collector doesn't keep it alive.
  mutating func finish() throws(HTTPProblem) -> [UInt8] {
    if let length, bytes.count < length { throw .incompleteBody }
    guard !bytes.isEmpty else { throw .emptyBody }
    defer { bytes = [] }
    return bytes
  }

  /// Gives everything back to the budget; to be called once, at the end.
  mutating func release() {
    budget.release(reserved)
    reserved = 0
  }
}
