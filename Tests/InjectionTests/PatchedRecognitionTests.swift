import AmeshTesting
import Injection
import KubernetesObjects
import Testing

/// What patches of the mesh add to our containers gets the API server's defaults too.
@Suite struct PatchedRecognitionTests {
  static let additions: [(path: String, value: JSONValue)] = [
    ("/livenessProbe", ["httpGet": ["path": "/", "port": 15021]]),
    ("/livenessProbe", ["grpc": ["port": 15021]]),
    ("/env/-", ["name": "A", "valueFrom": ["fieldRef": ["fieldPath": "metadata.uid"]]]),
    ("/env/-", ["name": "A", "valueFrom": ["resourceFieldRef": ["resource": "limits.cpu"]]]),
    ("/ports/-", ["containerPort": 9000]),
  ]

  @Test(arguments: additions.indices, [29, 33])
  func `a patched container is recognised once an API server has stored it`(index: Int, minor: Int) throws {
    let addition = Self.additions[index]
    var settings = MeshSettings()
    settings.patches["it"] = ContainerPatch(
      target: .proxy,
      patch: JSONPatch([.add(path: try JSONPointer(addition.path), value: addition.value)])
    )
    settings.defaultPatches = ["it"]
    let injector = Injector(settings: settings)
    let pod: JSONValue = ["metadata": ["name": "web"], "spec": ["containers": [["name": "web", "image": "nginx"]]]]
    let context = RandomPodTests.context(minor)
    let first = injector.inject(pod: try JSONDocument(parsing: pod.serialized()).root, context: context)
    var stored = APIServerDefaults(minorVersion: minor).stored(try first.applied(to: pod))
    // What the API server fills in, whether the stand-in for it knows it or not.
    if var inits = stored["spec"]?["initContainers"]?.array, inits.last?["livenessProbe"]?["grpc"] != nil {
      inits[inits.count - 1]["livenessProbe"]?["grpc"]?["service"] = ""
      stored["spec"]?["initContainers"] = .array(inits)
    }
    let again = injector.inject(pod: try JSONDocument(parsing: stored.serialized()).root, context: context)
    #expect(again.verdict == .injected)
    #expect(again.patch.map { String(decoding: $0, as: UTF8.self) } == nil)
  }
}
