package import Injection
package import KubernetesObjects

/// Answers admission reviews: which ones the injector is asked about, and how its outcome is told. Pure.
package struct ReviewResponder: Sendable {
  package let injector: Injector
  package let cluster: ClusterCapabilities

  package init(injector: Injector, cluster: ClusterCapabilities = ClusterCapabilities()) {
    self.injector = injector
    self.cluster = cluster
  }

  /// What is to be done about a review.
  package enum Triage: Sendable {
    /// It can be answered without the injector.
    case answer(ReviewAnswer)
    /// The injector decides about the Pod, which is created in that namespace.
    case inject(pod: JSONView, namespace: String)
  }

  /// Sorts out what is not the creation of a Pod, or can't be one.
  package func triage(_ review: AdmissionReview) -> Triage {
    guard review.operation == .create else { return .answer(untouched(review, because: .unhandledOperation)) }
    guard let kind = review.kind else {
      return .answer(malformed(review, "request.kind is missing or incomplete; it needs a version and a kind"))
    }
    guard kind == AdmissionReview.GroupVersionKind(kind: "Pod") else {
      return .answer(untouched(review, because: .unhandledKind))
    }
    guard review.subresource.isEmpty else { return .answer(untouched(review, because: .unhandledSubresource)) }
    guard let pod = review.object else {
      return .answer(malformed(review, "request.object is missing or null; a CREATE review carries the new Pod"))
    }
    guard pod.has("kind", "Pod"), pod.has("apiVersion", "v1") else {
      let kind = pod.string(of: "kind").map { "\"\($0.prefix(80))\"" } ?? "(missing or not a string)"
      return .answer(malformed(review, "request.object is of kind \(kind), not a v1 Pod as request.kind says"))
    }
    guard let namespace = review.namespace ?? pod["metadata"]?.string(of: "namespace"), !namespace.isEmpty else {
      return .answer(malformed(review, "request.namespace is missing; Pods are created in a namespace"))
    }
    return .inject(pod: pod, namespace: namespace)
  }

  /// Asks the injector.
  package func inject(
    _ pod: JSONView,
    for review: AdmissionReview,
    selector: WebhookSelector,
    namespace: NamespaceMetadata
  ) -> ReviewAnswer {
    let context = InjectionContext(namespace: namespace, caller: selector, cluster: cluster)
    let outcome = injector.inject(pod: pod, context: context)
    let reason = ReviewReason.injection(outcome.reason)
    var warnings = outcome.warnings
    if outcome.verdict == .injected, outcome.patch != nil, let level = namespace.refusingPodSecurityLevel {
      warnings.append(PodSecurity.warning(level: level))
    }
    let response = AdmissionResponse(
      denial: outcome.verdict == .denied
        ? AdmissionResponse.Status(code: 422, reason: "Invalid", message: outcome.message) : nil,
      patch: outcome.verdict == .injected ? outcome.patch : nil,
      warnings: warnings,
      auditAnnotations: audit(injected: outcome.verdict == .injected, reason)
    )
    return ReviewAnswer(
      body: response.serialized(for: review),
      verdict: outcome.verdict,
      reason: reason,
      message: outcome.message,
      patchBytes: response.patch?.count ?? 0
    )
  }

  private func untouched(_ review: AdmissionReview, because reason: ReviewReason) -> ReviewAnswer {
    let response = AdmissionResponse(auditAnnotations: audit(injected: false, reason))
    return ReviewAnswer(
      body: response.serialized(for: review),
      verdict: .skipped,
      reason: reason,
      message: "",
      patchBytes: 0
    )
  }

  private func malformed(_ review: AdmissionReview, _ message: String) -> ReviewAnswer {
    let response = AdmissionResponse(
      denial: AdmissionResponse.Status(code: 400, reason: "BadRequest", message: message),
      auditAnnotations: audit(injected: false, .malformed)
    )
    return ReviewAnswer(
      body: response.serialized(for: review),
      verdict: .denied,
      reason: .malformed,
      message: message,
      patchBytes: 0
    )
  }

  private func audit(injected: Bool, _ reason: ReviewReason) -> [(key: String, value: String)] {
    [("injected", injected ? "true" : "false"), ("reason", reason.label), ("revision", injector.revision)]
  }
}
