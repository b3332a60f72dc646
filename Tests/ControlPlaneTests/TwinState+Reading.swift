import KubernetesAPI
import KubernetesObjects

@testable import KubernetesTesting

extension InMemoryAPIServer.State {
  func object(_ resource: KubernetesResource, _ key: ObjectKey) -> JSONValue? {
    objects.objects[TwinState.Place(resource: resource, key: key)]
  }

  func text(_ key: String, ofConfigMap name: String, in namespace: String) -> String? {
    object(.configMaps, ObjectKey(namespace: namespace, name: name))?["data"]?[key]?.string
  }
}
