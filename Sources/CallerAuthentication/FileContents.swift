/// What was read from a file, with what the file system said of it at that moment.
package struct FileContents: Sendable {
  package let path: String
  package let bytes: [UInt8]
  /// Permission bits, `st_mode & 0o7777`.
  package let permissions: UInt32
  /// The owner's user id.
  package let owner: UInt32

  package init(path: String, bytes: [UInt8], permissions: UInt32, owner: UInt32) {
    self.path = path
    self.bytes = bytes
    self.permissions = permissions
    self.owner = owner
  }
}

extension FileContents: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "\(path), \(bytes.count) bytes" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
