package import KubernetesObjects

extension PluginConfigCheck {
  /// Answers the API server about a config that is created or changed.
  package func answer(_ review: AdmissionReview) -> AdmissionResponse {
    guard let object = review.object, review.subresource.isEmpty else { return AdmissionResponse() }
    let value = object.value
    guard value["kind"]?.string == PluginConfig.kind else { return AdmissionResponse() }
    // What is being deleted only loses its finalizers.
    if value["metadata"]?["deletionTimestamp"] != nil { return AdmissionResponse() }
    let result = check(value)
    let warnings = result.warnings.map(\.description)
    guard !result.problems.isEmpty else { return AdmissionResponse(warnings: warnings) }
    return AdmissionResponse(
      denial: AdmissionResponse.Status(code: 422, reason: "Invalid", message: result.problems.summary(atMost: 4096)),
      warnings: warnings
    )
  }
}
