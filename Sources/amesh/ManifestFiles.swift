import ArgumentParser
import Foundation
import KubernetesObjects
import KubernetesYAML

/// Where manifests are read from; the same flags as kubectl's.
struct ManifestFiles: ParsableArguments {
  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp(
      "A manifest, a directory of them (.yaml, .yml, .json), or - for standard input. May be repeated.",
      valueName: "file"
    )
  )
  var paths: [String] = []

  @Flag(name: [.customShort("R"), .long], help: "Read directories below a directory too.")
  var recursive = false

  /// For commands that can do nothing without a manifest.
  func require() throws {
    guard !paths.isEmpty else { throw ValidationError("name a manifest with -f, or - for standard input") }
  }

  /// - Throws: ``Failure`` that names every file that can't be parsed, or the one that can't be read.
  func read() throws(Failure) -> [JSONValue] {
    var objects: [JSONValue] = []
    var problems: [String] = []
    for path in paths {
      for file in try files(path) {
        let bytes = try bytes(file)
        do {
          objects += try YAMLDocument.stream(bytes).map(\.value)
        } catch {
          problems.append("\(file == "-" ? "standard input" : file): \(error)")
        }
      }
    }
    guard problems.isEmpty else { throw Failure(.dataError, problems.joined(separator: "\n")) }
    return objects
  }

  private func bytes(_ file: String) throws(Failure) -> [UInt8] {
    let limit = YAMLLimits().size
    do {
      return try file == "-" ? WholeFile.read(STDIN_FILENO, limit: limit) : WholeFile.read(file, limit: limit)
    } catch {
      throw Failure(.noInput, "\(file == "-" ? "standard input" : file): \(error); check -f")
    }
  }

  /// A directory's manifests in the order of their names.
  private func files(_ path: String) throws(Failure) -> [String] {
    var isDirectory: ObjCBool = false
    guard path != "-", FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue
    else { return [path] }
    let names =
      recursive
      ? FileManager.default.subpaths(atPath: path)
      : try? FileManager.default.contentsOfDirectory(atPath: path)
    let found = (names ?? []).filter { ["yaml", "yml", "json"].contains(($0 as NSString).pathExtension) }.sorted()
    guard !found.isEmpty else {
      let hint = recursive ? "" : "; -R looks further down"
      throw Failure(.noInput, "\(path): no .yaml, .yml or .json file\(hint)")
    }
    return found.map { path + "/" + $0 }
  }
}

/// How objects are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case yaml
  case json

  func print(_ objects: [JSONValue]) {
    switch self {
    case .yaml:
      Console.print(YAMLPrinter.print(stream: objects))
    case .json:
      // Several objects as one List, which kubectl reads.
      let value =
        objects.count == 1
        ? objects[0] : ["apiVersion": "v1", "kind": "List", "items": .array(objects)] as JSONValue
      Console.print(String(decoding: value.serialized(indent: 2), as: UTF8.self))
    }
  }
}
