import EnvoyAPI
import Foundation
import MeshResources
import SwiftProtobuf
import XDSProtocol
import XDSTranslation

/// Responses of xDS in files, byte for byte as they were sent.
struct CapturedResponses {
  private static let maximumBytes = 64 << 20
  private static let maximumFiles = 1000

  let path: String

  func dump() throws -> MeshDump {
    var changes = ResourceChanges()
    var problems: [String] = []
    let reader = MeshResourceReader()
    for file in try files() {
      for resource in try response(file).resources {
        do throws(XDSResourceProblem) {
          changes.add(try reader.read(resource).content)
        } catch {
          problems.append("\(file.lastPathComponent): \(error.name.map { "\($0): " } ?? "")\(error.reason)")
        }
      }
    }
    var translator = Translator()
    _ = translator.apply(changes)
    return MeshDump(translator: translator, problems: problems)
  }

  /// The file itself, or those of a directory that have the ending of binary messages.
  private func files() throws -> [URL] {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw Failure(.noInput, "\(path): there is no such file or directory")
    }
    guard isDirectory.boolValue else { return [URL(filePath: path)] }
    do {
      let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".pb") }.sorted()
      guard !names.isEmpty else { throw Failure(.noInput, "\(path): no file in it ends with .pb") }
      guard names.count <= Self.maximumFiles else { throw Failure(.dataError, "\(path): too many files") }
      return names.map { URL(filePath: path).appending(path: $0) }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.noInput, "\(path): \(error.localizedDescription)")
    }
  }

  private func response(_ file: URL) throws -> Envoy_Service_Discovery_V3_DiscoveryResponse {
    let bytes: Data
    do {
      bytes = try FileHandle(forReadingFrom: file).read(upToCount: Self.maximumBytes + 1) ?? Data()
    } catch {
      throw Failure(.noInput, "\(file.path): \(error.localizedDescription)")
    }
    guard bytes.count <= Self.maximumBytes else {
      throw Failure(.dataError, "\(file.path): larger than \(Self.maximumBytes >> 20) MiB")
    }
    do {
      return try Envoy_Service_Discovery_V3_DiscoveryResponse(serializedBytes: bytes)
    } catch {
      throw Failure(.dataError, "\(file.path) is no DiscoveryResponse in its binary form")
    }
  }
}
