import CallServer
import NIOCore
import NIOHPACK

/// libFuzzer's entry: the first byte chooses what the others are taken for.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzCall(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let choice = bytes.first else { return 0 }
  let rest = Array(bytes.dropFirst())
  if choice.isMultiple(of: 2) { fuzzHead(rest) } else { fuzzMessages(rest) }
  return 0
}

/// Lines of NAME:VALUE, between zeros: what a client's header block decodes to, before anyone knows who it is.
private func fuzzHead(_ bytes: [UInt8]) {
  var headers = HPACKHeaders()
  for line in bytes.split(separator: 0) {
    let parts = line.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first else { continue }
    headers.add(
      name: String(decoding: name, as: UTF8.self),
      value: String(decoding: parts.dropFirst().first ?? [], as: UTF8.self)
    )
  }
  guard let head = try? CallHead(headers) else { return }
  precondition(headers.first(name: "content-type")?.hasPrefix("application/grpc") == true, "taken for gRPC")
  precondition(head.timeout.map { $0 >= .nanoseconds(0) && $0 <= .hours(24 * 366) } ?? true, "a timeout out of bounds")
  precondition(head.authorization == headers["authorization"], "another authorization")
}

/// Messages are the same, however the bytes come in pieces; the first byte tells of what size.
private func fuzzMessages(_ bytes: [UInt8]) {
  guard let size = bytes.first.map({ Int($0 % 16) + 1 }) else { return }
  let stream = Array(bytes.dropFirst())
  let whole = read([stream])
  let pieces = read(
    stride(from: 0, to: stream.count, by: size).map { Array(stream[$0..<min($0 + size, stream.count)]) }
  )
  precondition(whole.messages == pieces.messages && whole.hasFailed == pieces.hasFailed, "pieces read otherwise")
  precondition(whole.messages.allSatisfy { $0.count <= limit }, "a message over the limit")
  precondition(whole.messages.reduce(0) { $0 + $1.count + MessageReader.prefixLength } <= stream.count, "made up")
}

private let limit = 1024

private func read(_ pieces: [[UInt8]]) -> (messages: [[UInt8]], hasFailed: Bool) {
  var reader = MessageReader(limit: limit)
  var messages: [[UInt8]] = []
  do {
    for piece in pieces {
      reader.add(ByteBuffer(bytes: piece))
      while let message = try reader.next() { messages.append(Array(message.readableBytesView)) }
    }
    return (messages, false)
  } catch {
    return (messages, true)
  }
}
