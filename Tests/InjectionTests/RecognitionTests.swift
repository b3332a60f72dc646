import AmeshTesting
import Injection
import KubernetesObjects
import Testing

/// Whatever is changed in the containers that we added is put back: nothing in them evades the mesh.
@Suite struct RecognitionTests {
  static let pod: JSONValue = [
    "metadata": ["name": "web"],
    "spec": [
      "containers": [
        [
          "name": "web", "ports": [["name": "http", "containerPort": 80]], "livenessProbe": ["tcpSocket": ["port": 80]],
        ]
      ]
    ],
  ]

  /// Where our containers are, by the minor version of Kubernetes.
  static let places: [(minor: Int, list: String, index: Int)] = [
    (33, "initContainers", 0), (33, "initContainers", 1), (20, "initContainers", 0), (20, "containers", 0),
  ]

  @Test(arguments: places) func `a changed, dropped or added member is put right`(
    place: (minor: Int, list: String, index: Int)
  ) throws {
    let injected = try RandomPodTests.inject(Self.pod, place.minor).applied(to: Self.pod)
    let ours = try #require(injected["spec"]?[place.list]?[place.index])
    var tried = 0
    for (what, changed) in Self.variants(of: ours, at: "") where changed["name"] == ours["name"] {
      // Without what the probes stood for there is no way back but the user's.
      if what.hasSuffix("AMESH_APP_PROBES") { continue }
      var pod = injected
      pod["spec"]?[place.list]?[place.index] = changed
      let outcome = try RandomPodTests.inject(pod, place.minor)
      if outcome.reason == .lostProbe { continue }
      tried += 1
      #expect(try outcome.applied(to: pod) == injected, "\(what)")
    }
    #expect(tried > 40)
  }

  /// The value with one thing changed, for every thing in it.
  static func variants(of value: JSONValue, at path: String) -> [(String, JSONValue)] {
    switch value {
    case .object(let object):
      var variants: [(String, JSONValue)] = []
      for (key, member) in object {
        var without = object
        without[key] = nil
        variants.append(("\(path)/-\(key)", .object(without)))
        for (what, changed) in Self.variants(of: member, at: "\(path)/\(key)") {
          var copy = object
          copy[key] = changed
          variants.append((what, .object(copy)))
        }
      }
      for key in ["command", "envFrom", "livenessProbe", "add", "host", "privileged", "optional", "x"] {
        if object[key] != nil { continue }
        var with = object
        with[key] = key == "optional" ? true : ["x"]
        variants.append(("\(path)/+\(key)", .object(with)))
      }
      return variants
    case .array(let elements):
      var variants: [(String, JSONValue)] = [("\(path)/[]", .array([])), ("\(path)/+", .array(elements + ["x"]))]
      for index in elements.indices {
        for (what, changed) in Self.variants(of: elements[index], at: "\(path)/\(index)") {
          var copy = elements
          copy[index] = changed
          variants.append((what, .array(copy)))
        }
      }
      return variants
    case .string(let text): return [(path, .string(text + "x")), (path, .null), (path, [:])]
    case .number: return [(path, 31), (path, .null), (path, "1")]
    case .bool(let flag): return [(path, .bool(!flag)), (path, .null)]
    case .null: return []
    }
  }
}
