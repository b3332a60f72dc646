import AmeshTesting
import NIOCore
import Testing

@testable import CallServer

@Suite struct MessageReaderTests {
  private static func frame(_ message: [UInt8], compressed: UInt8 = 0) -> [UInt8] {
    let length = UInt32(message.count)
    return [compressed] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + message
  }

  private static func read(_ pieces: some Sequence<[UInt8]>, limit: Int = 1000) throws -> [[UInt8]] {
    var reader = MessageReader(limit: limit)
    var messages: [[UInt8]] = []
    for piece in pieces {
      reader.add(ByteBuffer(bytes: piece))
      while let message = try reader.next() { messages.append(Array(message.readableBytesView)) }
    }
    #expect(reader.isEmpty == (reader.count == 0))
    if !reader.isEmpty { throw MessageReader.Failure.incomplete }
    return messages
  }

  @Test func `messages come out as they went in, wherever they are cut`() throws {
    var random = SeededRandom(seed: 7)
    for _ in 0..<500 {
      let messages = (0..<Int.random(in: 0...5, using: &random)).map { _ in
        (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      }
      var bytes = messages.flatMap { Self.frame($0) }
      var pieces: [[UInt8]] = []
      while !bytes.isEmpty {
        let count = Int.random(in: 0...min(bytes.count, 12), using: &random)
        pieces.append(Array(bytes.prefix(count)))
        bytes.removeFirst(count)
      }
      #expect(try Self.read(pieces) == messages)
    }
  }

  @Test func `of messages that were read nothing is kept, wherever frames end`() throws {
    var reader = MessageReader(limit: 1000)
    let message = Self.frame(Array(repeating: 1, count: 100))
    let straddling = Array(message[7...] + message[..<7])
    reader.add(ByteBuffer(bytes: message[..<7]))
    var most = 0
    for _ in 0..<10_000 {
      reader.add(ByteBuffer(bytes: straddling))
      while try reader.next() != nil {}
      most = max(most, reader.capacity)
    }
    #expect(most <= 1024)
  }

  @Test func `a message that is too long is known by its prefix`() {
    #expect(throws: MessageReader.Failure.tooLong(limit: 10)) {
      try Self.read([[0, 0, 0, 0, 11]], limit: 10)
    }
    #expect(throws: MessageReader.Failure.tooLong(limit: 10)) {
      try Self.read([[0, 255, 255, 255, 255]], limit: 10)
    }
    #expect(throws: Never.self) { try Self.read([Self.frame(Array(repeating: 1, count: 10))], limit: 10) }
  }

  @Test(arguments: [1, 255] as [UInt8]) func `a compressed message is refused`(_ flag: UInt8) {
    #expect(throws: MessageReader.Failure.compressed) { try Self.read([Self.frame([1], compressed: flag)]) }
  }

  @Test func `the end comes in the middle of a message`() {
    for count in 1..<8 {
      #expect(throws: MessageReader.Failure.incomplete) { try Self.read([Array(Self.frame([1, 2, 3]).prefix(count))]) }
    }
  }
}
