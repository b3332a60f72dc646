import ClusterDiagnosis
import Injection
import KubernetesAPI
import KubernetesObjects
import MeshConfiguration

/// The configuration that the control plane runs with, as its Deployment and ConfigMap have it.
struct ControlPlaneConfiguration {
  struct Mesh: Sendable {
    var hash: String
    var neverInject: [LabelSelector]
    var hasNames: Bool
  }

  private static let maximumBytes = 1 << 20

  private let client: any KubernetesClient
  private let subject: DiagnosisSubject
  private let version: String

  init(_ client: any KubernetesClient, _ subject: DiagnosisSubject, _ version: String) {
    self.client = client
    self.subject = subject
    self.version = version
  }

  /// Known only where nothing is guessed: the hash has to be the one that the control plane itself comes to.
  func read(_ deployments: Learned<[JSONView]>) async -> Learned<Mesh> {
    guard let deployment = deployments.value?.first, let facts = DeploymentFacts(deployment) else {
      return .unknown("there is no Deployment to read it from")
    }
    guard let running = facts.version, running == version else {
      return .unknown("this amesh is \(version), the control plane \(facts.version ?? "tells no version by its image")")
    }
    guard let pod = deployment["spec"]?["template"]?["spec"], let container = pod["containers"]?[0] else {
      return .unknown("Deployment \(facts.name) has no container")
    }
    var input = ConfigurationInput()
    for variable in container["env"]?.elements.map({ $0 }) ?? [] {
      guard let name = variable.string(of: "name"), name.hasPrefix("AMESH_") else { continue }
      guard let value = variable.string(of: "value") else {
        return .unknown("Deployment \(facts.name) takes \(name) from elsewhere")
      }
      input.environment[name] = value
    }
    var arguments = (container["args"]?.elements.compactMap(\.string) ?? [])[...]
    var file: String?
    while let argument = arguments.popFirst() {
      switch argument {
      case "serve": continue
      case "--config", "-c": file = arguments.popFirst()
      default: return .unknown("Deployment \(facts.name) has the argument \(argument)")
      }
    }
    return await read(input, file, pod)
  }

  private func read(_ input: ConfigurationInput, _ file: String?, _ pod: JSONView) async -> Learned<Mesh> {
    var input = input
    if let file {
      let key = file.split(separator: "/").last.map { String($0) } ?? file
      let maps = pod["volumes"]?.elements.compactMap { $0["configMap"]?.string(of: "name") } ?? []
      guard let name = maps.first, maps.count == 1 else {
        return .unknown("the Deployment does not take \(file) from one ConfigMap")
      }
      do throws(APIError) {
        let map = try await client.get(.configMaps, ObjectKey(namespace: subject.namespace, name: name))
        guard let text = map.root["data"]?.string(of: key), text.utf8.count <= Self.maximumBytes else {
          return .unknown("ConfigMap \(name) has no \(key)")
        }
        input.file = ConfigurationInput.File(name: "ConfigMap \(name), \(key)", text: Array(text.utf8))
      } catch {
        return .unknown("\(error)")
      }
    }
    do {
      let configuration = try input.load().configuration
      return .known(
        Mesh(
          hash: configuration.meshHash,
          neverInject: configuration.mesh.neverInject,
          hasNames: configuration.identity.leaf.dnsNames
        )
      )
    } catch {
      return .unknown("the control plane's configuration is not one that this amesh reads: \(error)")
    }
  }
}
