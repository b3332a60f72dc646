/// What each metric is: the HELP lines of `/metrics`.
enum MetricHelp {
  static let texts = [
    "amesh_build_info": "1, with the version of this process.",
    "amesh_configuration_generation": "How many configurations have been in force, this one included.",
    "amesh_configuration_reload_failures_total": "Configuration files that were refused or could not be read.",
    "amesh_injection_duration_seconds": "Time from a review's body to the answer's.",
    "amesh_injection_patch_bytes": "Size of the patch of an injected Pod.",
    "amesh_injection_requests_total": "Reviews answered, by verdict and the reason for it.",
    "amesh_serving_certificate_expiry_seconds": "When the serving certificate expires, Unix time.",
    "amesh_webhook_connections": "Open connections to the webhook.",
    "amesh_webhook_http_errors_total": "Requests that were no review, by HTTP status.",
  ]
}
