import EnvoyAPI
import FoundationEssentials
import SwiftProtobuf

/// What became of the resources of one response.
struct Intake {
  let type: Int
  /// Names that the response has, good or bad.
  var names: Set<String> = []
  var hasNameless = false
  /// Names by what they stand for.
  var fingerprints: [Int: String] = [:]
  var refusals: [XDSRefusal] = []
  /// For the NACK, the first few.
  private(set) var problems: [String] = []
  private var furtherProblems = 0

  init(type: Int) { self.type = type }

  mutating func add(_ problem: String) {
    // What a NACK says has to fit into a log line of the server.
    if problems.count < 5 { problems.append(problem) } else { furtherProblems += 1 }
  }

  /// The NACK; nil where there is nothing to refuse.
  func status(configuration: XDSClientConfiguration) -> Google_Rpc_Status? {
    guard !problems.isEmpty else { return nil }
    let rest = furtherProblems == 0 ? "" : "; and \(furtherProblems) more"
    return .with {
      $0.code = 3  // INVALID_ARGUMENT
      $0.message = problems.joined(separator: "; ") + rest + ". All else of this response is in use."
    }
  }
}

extension XDSClientStream {
  /// One resource of a response.
  /// - Parameter name: as the response has it; nil where only the resource itself knows.
  mutating func take(
    _ resource: Google_Protobuf_Any,
    name: String?,
    version: String,
    into intake: inout Intake,
    now: Duration
  ) {
    let fingerprint = resource.value.fingerprint
    // State of the world has names only inside: what it sent before need not be read again to be named.
    if let name = name ?? sides[intake.type].names[fingerprint], !intake.names.contains(name) {
      let key = ClientKey(type: intake.type, name: name)
      guard state.isWanted(key) else { return }
      if state.isUnchanged(key, fingerprint: fingerprint) {
        intake.names.insert(name)
        intake.fingerprints[fingerprint] = name
        state.setVersion(version, of: key)
        return
      }
    }
    do throws(XDSResourceProblem) {
      let reading = try read(resource, name: name, into: &intake)
      let key = ClientKey(type: intake.type, name: reading.name)
      guard state.isWanted(key) else { return }
      intake.fingerprints[fingerprint] = reading.name
      if state.isUnchanged(key, fingerprint: fingerprint) {
        state.setVersion(version, of: key)
      } else {
        state.receive(reading, as: key, version: version, fingerprint: fingerprint, now: now)
      }
    } catch {
      refuse(error, name: error.name ?? name, version: version, into: &intake)
    }
  }

  private func read(
    _ resource: Google_Protobuf_Any,
    name: String?,
    into intake: inout Intake
  ) throws(XDSResourceProblem) -> XDSReading<Reader.Content> {
    let configuration = state.configuration
    let typeURL = configuration.types[intake.type].typeURL
    guard resource.typeURL == typeURL else {
      throw XDSResourceProblem(
        name: name,
        reason: "its type_url is \"\(resource.typeURL.printable(128))\", the response's is \"\(typeURL)\""
      )
    }
    var reading = try reader.read(resource)
    // Subscriptions are by the response's name, whatever the resource says.
    if let name { reading.name = name }
    guard !reading.name.isEmpty else { throw XDSResourceProblem(name: name, reason: "it has no name") }
    guard reading.name.utf8.count <= configuration.maximumNameBytes else {
      throw XDSResourceProblem(
        name: reading.name,
        reason: "its name has \(reading.name.utf8.count) bytes; \(configuration.maximumNameBytes) is the most"
      )
    }
    guard intake.names.insert(reading.name).inserted else {
      throw XDSResourceProblem(name: reading.name, reason: "it is in the response twice; the first one counts")
    }
    let known = state.entries[intake.type]
    guard known[reading.name] != nil || known.count < configuration.maximumResources else {
      throw XDSResourceProblem(
        name: reading.name,
        reason: "\(configuration.maximumResources) resources of a type are the most"
      )
    }
    return reading
  }

  private mutating func refuse(
    _ problem: XDSResourceProblem,
    name: String?,
    version: String,
    into intake: inout Intake
  ) {
    let type = state.configuration.types[intake.type]
    if let name { intake.names.insert(name) } else { intake.hasNameless = true }
    let refusal = XDSRefusal(
      resource: XDSReference(typeURL: type.typeURL, name: name ?? ""),
      version: version,
      reason: problem.reason.printable(512)
    )
    let title = name.map { "\"\($0.printable(256))\"" } ?? "without a name that can be read"
    intake.add("\(type.noun) \(title): \(refusal.reason)")
    let key = name.map { ClientKey(type: intake.type, name: $0) }
    // A server may insist: it is answered each time, but people are told once.
    if key.flatMap(state.entry)?.refusal?.reason != refusal.reason { intake.refusals.append(refusal) }
    if let key { state.refuse(refusal, as: key) }
  }
}

extension Data {
  /// Of all bytes; `hashValue` looks at the first few only.
  fileprivate var fingerprint: Int {
    var hasher = Hasher()
    withUnsafeBytes { hasher.combine(bytes: $0) }
    return hasher.finalize()
  }
}
