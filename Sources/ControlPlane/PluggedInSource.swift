import CertificateAuthority
import FoundationEssentials
import KubernetesAPI
import KubernetesObjects
import NIOConcurrencyHelpers

/// What a person has plugged in, as far as it could be used: the last good set of files, whatever came after.
final class PluggedInSource: Sendable {
  struct Plugged: Sendable {
    var contents: PluggedInContents
    var authority: PluggedInAuthority
  }

  private struct Memory {
    var newest: Plugged?
    /// Of what was looked at last, good or not.
    var seen: PluggedInContents?
    /// Why what lies there can't be used.
    var problem: PluggedInError?
    /// What could be used, but is not taken over.
    var refused: (contents: PluggedInContents, reason: PluggedInError)?
    /// Whether anybody has looked.
    var isKnown = false

    var refusal: PluggedInError? {
      guard let refused, refused.contents == newest?.contents else { return nil }
      return refused.reason
    }
  }

  private let keys: any KeyMaker
  private let policy: RotationPolicy
  private let memory = NIOLockedValueBox(Memory())

  init(keys: any KeyMaker, policy: RotationPolicy) {
    self.keys = keys
    self.policy = policy
  }

  var newest: Plugged? { memory.withLockedValue { $0.newest } }

  /// Why what lies there now is not used; nil where it is.
  var problem: PluggedInError? { memory.withLockedValue { $0.problem ?? $0.refusal } }

  /// Whether it is known what is plugged in, good or none: then a root that waits for something else waits for nothing.
  var isSettled: Bool { memory.withLockedValue { $0.isKnown && $0.problem == nil } }

  /// What is plugged in now is not taken over, whatever it is good for.
  func refuse(_ plugged: Plugged, because reason: PluggedInError) {
    memory.withLockedValue { $0.refused = (plugged.contents, reason) }
  }

  /// Takes a Secret in; nil where there is none. What signs already goes on from its copy in the authority's Secret.
  func saw(_ secret: JSONValue?, path: String, now: Date) {
    guard let secret else {
      return memory.withLockedValue { memory in
        memory.newest = nil
        memory.seen = nil
        memory.problem = nil
        memory.isKnown = true
      }
    }
    let outcome = Result { () throws(PluggedInError) in try Self.contents(secret, path) }
    if case .success(let contents) = outcome {
      // What was refused for its time only may have become good meanwhile.
      let isKnown = memory.withLockedValue { $0.seen == contents && $0.problem == nil }
      if isKnown { return }
    }
    let plugged = outcome.flatMap { contents in
      Result { () throws(PluggedInError) in
        Plugged(
          contents: contents,
          authority: try PluggedInAuthority(contents, keys: keys, policy, now: now)
        )
      }
    }
    memory.withLockedValue { memory in
      memory.isKnown = true
      memory.seen = try? outcome.get()
      switch plugged {
      case .success(let plugged):
        memory.newest = plugged
        memory.problem = nil
      case .failure(let error): memory.problem = error
      }
    }
  }

  /// Checks a copy that was in use before.
  func check(_ contents: PluggedInContents, now: Date) -> PluggedInAuthority? {
    if let newest, newest.contents == contents { return newest.authority }
    return try? PluggedInAuthority(contents, keys: keys, policy, now: now)
  }

  private static func contents(_ secret: JSONValue, _ path: String) throws(PluggedInError) -> PluggedInContents {
    let data = secret["data"]
    // Base64 takes four characters for three bytes.
    let limit = PluggedInContents.maximumBytes / 3 * 4 + 4
    return try PluggedInContents(of: path) { name throws(PluggedInError) in
      guard let text = data?[name]?.string else { return nil }
      guard text.utf8.count <= limit else {
        throw .tooLarge(file: "\(path)/\(name)", limit: PluggedInContents.maximumBytes)
      }
      guard let bytes = Data(base64Encoded: text) else {
        throw .unreadable(file: "\(path)/\(name)", problem: "it is no base64")
      }
      return Array(bytes)
    }
  }
}
