import CallerAuthentication
import CredentialFiles
import Foundation
import SPIFFE
import Testing

@Suite final class CredentialFileTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "credential-files-\(UUID())").path

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: folder)
  }

  private func write(_ text: String, mode: Int = 0o600) throws -> String {
    let path = folder + "/tokens.yaml"
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    return path
  }

  @Test(arguments: [0o600, 0o400, 0o644, 0o4600])
  func `a file comes with its mode and owner`(_ mode: Int) throws {
    let path = try write("hello", mode: mode)
    let file = try CredentialFile.read(path, maximumLength: 5)
    #expect(file.path == path && file.bytes == Array("hello".utf8))
    #expect(file.permissions == UInt32(mode) && file.owner == CredentialFile.user)
    #expect(!"\(file)".contains("hello"))
  }

  @Test func `a link is followed, as those of a mounted Secret are`() throws {
    let link = folder + "/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: write("hello"))
    #expect(try CredentialFile.read(link, maximumLength: 5).permissions == 0o600)
  }

  @Test func `too large, missing, or no file`() throws {
    let path = try write("hello")
    #expect(throws: CredentialFileError.tooLong(path: path, limit: 4)) {
      try CredentialFile.read(path, maximumLength: 4)
    }
    #expect(throws: CredentialFileError.notAFile(path: folder)) { try CredentialFile.read(folder, maximumLength: 9) }
    #expect(throws: CredentialFileError.notAFile(path: "/dev/zero")) {
      try CredentialFile.read("/dev/zero", maximumLength: 9)
    }
    let error = #expect(throws: CredentialFileError.self) { try CredentialFile.read(path + "x", maximumLength: 9) }
    #expect(error?.description == "\(path)x can't be read: No such file or directory")
  }

  @Test func `a pipe does not keep us waiting`() throws {
    let path = folder + "/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: CredentialFileError.notAFile(path: path)) { try CredentialFile.read(path, maximumLength: 9) }
  }

  @Test func `a list of tokens that others may read is refused until chmod`() throws {
    let text = "tokens: [{token: \(String(repeating: "a", count: 43)), identity: spiffe://td/ns/a/sa/b}]"
    let path = try write(text, mode: 0o644)
    func load() throws -> StaticTokens {
      let file = try CredentialFile.read(path, maximumLength: StaticTokens.maximumLength)
      return try StaticTokens(file: file, user: CredentialFile.user, trustDomain: TrustDomain("td"))
    }
    #expect(throws: StaticTokensError.permissions(path: path, permissions: 0o644)) { try load() }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    #expect(try load().count == 1)
  }
}
