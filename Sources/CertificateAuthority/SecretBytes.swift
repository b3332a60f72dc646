/// Bytes that are wiped from memory as soon as nobody holds them: private keys, tokens.
///
/// Copied by reference only; never shown by description, reflection or a dump.
package final class SecretBytes: Sendable {
  package let count: Int
  // Written in initializers only, read afterwards.
  private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer

  /// - Parameter fill: writes the bytes into the zeroed buffer.
  package init<Failure>(
    count: Int,
    fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 0), alignment: 1)
    _ = storage.initializeMemory(as: UInt8.self, repeating: 0)
    self.count = storage.count
    self.storage = storage
    try fill(storage)
  }

  /// Copies bytes; wiping the original is up to its holder.
  package convenience init(copying bytes: some Collection<UInt8>) {
    self.init(count: bytes.count) { storage in storage.copyBytes(from: bytes) }
  }

  /// Copies text; meant for tests and for text that is no secret elsewhere.
  package convenience init(_ text: String) {
    self.init(copying: Array(text.utf8))
  }

  deinit {
    Self.wipe(storage)
    storage.deallocate()
  }

  /// Lends the bytes; the pointer is dead after `body`.
  package func withUnsafeBytes<Result, Failure>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(storage))
  }

  /// Not optimised: memory that is freed right afterwards looks to the optimiser as if nobody could see the zeros.
  @inline(never)
  @_optimize(none)
  private static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
    for index in 0..<bytes.count { bytes[index] = 0 }
  }
}

extension SecretBytes: Equatable {
  /// Takes the same time wherever the difference is.
  package static func == (one: SecretBytes, other: SecretBytes) -> Bool {
    guard one.count == other.count else { return false }
    return one.withUnsafeBytes { mine in
      other.withUnsafeBytes { theirs in
        var difference: UInt8 = 0
        for index in 0..<one.count { difference |= mine[index] ^ theirs[index] }
        return difference == 0
      }
    }
  }
}

extension SecretBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "SecretBytes(redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
