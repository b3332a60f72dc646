package import KubernetesObjects

/// A Pod that was not let in, for whoever tells its owner. The view keeps the whole review: nobody should hold on to it.
package struct RefusedPod: Sendable {
  package let pod: JSONView
  /// Of the request, since the Pod may not say.
  package let namespace: String
  /// The Pod's, or the one that it was to be made from.
  package let name: String
  /// Why, and the cure.
  package let message: String
}
