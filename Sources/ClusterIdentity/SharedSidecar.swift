import Injection
import KubernetesObjects
import NIOConcurrencyHelpers

/// What is known of a Pod's sidecar, in one place for all Pods that are alike: a reference is what each costs.
final class SharedSidecar: Sendable, Hashable {
  let value: PodSidecar

  init(_ value: PodSidecar) { self.value = value }

  static func == (one: SharedSidecar, other: SharedSidecar) -> Bool { one === other || one.value == other.value }

  func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

/// Reads Pods, of which thousands are alike.
final class SidecarReader: Sendable {
  private static let maximumKinds = 1024
  private let read: @Sendable (JSONView) -> PodSidecar?
  private let known = NIOLockedValueBox<[PodSidecar: SharedSidecar]>([:])

  init(_ read: @escaping @Sendable (JSONView) -> PodSidecar?) { self.read = read }

  func sidecar(_ pod: JSONView) -> SharedSidecar? {
    guard let value = read(pod) else { return nil }
    return known.withLockedValue { known in
      if let shared = known[value] { return shared }
      // Anyone may label Pods: what was shared before stays with those who have it.
      if known.count >= Self.maximumKinds { known = [:] }
      let shared = SharedSidecar(value)
      known[value] = shared
      return shared
    }
  }
}
