import KubernetesObjects
import Redirect

extension SidecarPlan {
  /// `amesh-init`: the only container with capabilities, and with nothing else.
  func initContainer() -> [UInt8] {
    let frame = fragments.initFrame(pod, shape)
    var writer = JSONWriter(reservingCapacity: frame.count + 256)
    writer.raw(frame.head)
    writer.string(RedirectArguments.inbound(inboundPorts))
    writer.raw(frame.tail)
    return writer.bytes
  }
}

extension ContainerFrame {
  /// `amesh-init` but for the argument that names one Pod's ports.
  static func initContainer(
    _ pod: PodSettings,
    _ shape: SidecarShape,
    _ settings: MeshSettings
  ) -> ContainerFrame {
    ContainerFrame(
      head: json { writer in
        writer.beginObject()
        writer.member("name", MeshNames.initContainer)
        writer.member("image", pod.initImage)
        writer.member("imagePullPolicy", pod.proxyImagePullPolicy.rawValue)
        writer.key("args")
        writer.beginArray()
        for word in RedirectArguments.fixed(proxy: settings.proxy) { writer.string(word) }
      },
      tail: json { writer in
        for word in RedirectArguments.captured(pod.capture) { writer.string(word) }
        writer.endArray()
        if !shape.hasPodResources { writer.resources(settings.initContainer.resources.capped(by: pod.resources)) }
        writer.member("securityContext", raw: ProxyConstants.initSecurityContext)
        writer.member("volumeMounts", raw: ProxyConstants.initVolumeMounts)
        writer.member("terminationMessagePolicy", "FallbackToLogsOnError")
        writer.endObject()
      }
    )
  }
}
