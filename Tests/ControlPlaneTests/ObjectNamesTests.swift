import ControlPlane
import KubernetesAPI
import Testing

struct ObjectNamesTests {
  @Test func `one object is asked for by its name, as RBAC by name demands`() {
    let names = ObjectNames(namespace: "amesh-system")
    #expect(names.selection(names.authoritySecret).fields == "metadata.name=amesh-ca")
    #expect(names.selection(names.authoritySecret).namespace == "amesh-system")
  }
}
