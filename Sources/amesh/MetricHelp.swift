/// What each metric is: the HELP lines of `/metrics`.
enum MetricHelp {
  static let texts = [
    "amesh_audit_lines_suppressed_total":
      "Audit lines of callers who could not be authenticated that were left out, beyond ten a second.",
    "amesh_authority_last_look_timestamp_seconds":
      "When the authority could last read its state and take the steps of rotation that were due, Unix time.",
    "amesh_build_info": "1, with the version of this process.",
    "amesh_bundle_namespaces": "Namespaces that are to have the trust bundle.",
    "amesh_bundle_namespaces_behind": "Namespaces that have no trust bundle yet, or not the one of this moment.",
    "amesh_bundle_namespaces_forbidden":
      "Namespaces where the trust bundle may not be written, which rotation does not wait for.",
    "amesh_certificate_request_duration_seconds":
      "Time from a request for a certificate to its answer, over the CSR API.",
    "amesh_certificates_issued_total":
      "Certificates issued to workloads, by what they were asked through and how the caller was authenticated.",
    "amesh_certificates_refused_total": "Certificates refused and callers not authenticated, by reason.",
    "amesh_configuration_generation": "How many configurations have been in force, this one included.",
    "amesh_configuration_reload_failures_total": "Configuration files that were refused or could not be read.",
    "amesh_degradations": "What is amiss while it serves on from memory; /readyz tells each.",
    "amesh_identity_ack_lag_seconds": "Time from a push over SDS until the client has taken it.",
    "amesh_identity_acks_total": "Pushes over SDS that clients took.",
    "amesh_identity_connections": "Open connections to the identity listeners.",
    "amesh_identity_connections_cut_total":
      "Connections that were cut off because the peer said nothing, or stayed when told to go, by reason.",
    "amesh_identity_connections_refused_total": "Connections closed at once, by reason.",
    "amesh_identity_first_answer_seconds": "Time from the beginning of an SDS stream to the first response on it.",
    "amesh_identity_issuer_expiry_seconds": "When the issuing certificate expires, Unix time.",
    "amesh_identity_nacks_total": "Pushes over SDS that clients refused.",
    "amesh_identity_pushes_total": "Secrets pushed over SDS.",
    "amesh_identity_reload_failures_total":
      "Files of keys, tokens or the authority that were refused or could not be read.",
    "amesh_identity_root_expiry_seconds": "When the root that is signed under expires, Unix time.",
    "amesh_identity_serving_certificate_expiry_seconds":
      "When the certificate of the identity server expires, Unix time.",
    "amesh_identity_soonest_leaf_expiry_seconds":
      "When the first certificate of an open SDS stream expires, Unix time; +Inf for none.",
    "amesh_identity_streams": "Open SDS streams.",
    "amesh_identity_streams_refused_total":
      "Calls refused because their caller, or all together, have too many open, by reason.",
    "amesh_injection_duration_seconds": "Time from a review's body to the answer's.",
    "amesh_injection_patch_bytes": "Size of the patch of an injected Pod.",
    "amesh_injection_requests_total": "Reviews answered, by verdict and the reason for it.",
    "amesh_leader": "1 while this replica leads, 0 while another one does or none.",
    "amesh_namespace_reads_total": "Namespaces that were read from the API server for a review, by outcome.",
    "amesh_plugin_acknowledgements_total": "What sidecars said of plugins that they were sent, by result.",
    "amesh_plugin_config_reviews_total": "Plugin configurations that the API server asked about, by verdict.",
    "amesh_plugin_configs": "Plugin configurations of the cluster, by state.",
    "amesh_plugin_pushes_total": "Sets of plugins that were sent to sidecars.",
    "amesh_plugin_streams": "Sidecars that are told of their plugins here.",
    "amesh_pods_with_stale_sidecar":
      "Pods with a sidecar that is not the one that they would get now, by what is different.",
    "amesh_pods_without_sidecar": "Pods that should have a sidecar of this revision and lack it.",
    "amesh_rotation_holds": "What rotation of roots waits for; amesh ca status tells each.",
    "amesh_serving_certificate_expiry_seconds": "When the serving certificate expires, Unix time.",
    "amesh_token_judgements_total": "ServiceAccount tokens that were judged, by what decided.",
    "amesh_token_keys_refreshes_total": "Looks at the cluster's keys for tokens, by outcome.",
    "amesh_token_objects_ended_total": "Pods and ServiceAccounts whose end ends what their tokens gave.",
    "amesh_token_reviews_total": "TokenReviews that the API server was asked for, by outcome.",
    "amesh_webhook_ca_bundle_right":
      "1 while the webhook configuration trusts what the webhook serves with, 0 where it does not or is gone.",
    "amesh_webhook_connections": "Open connections to the webhook.",
    "amesh_webhook_http_errors_total": "Requests that were no review, by HTTP status.",
    "amesh_workload_addresses": "Addresses behind which there is a Pod with a sidecar that knows mutual TLS.",
    "amesh_workload_nacks_total": "Answers of workload discovery that clients refused.",
    "amesh_workload_pushes_total": "Addresses told over workload discovery, those that are no workload's too.",
    "amesh_workload_streams": "Open streams of workload discovery.",
    "amesh_workload_subscriptions": "Addresses that open streams of workload discovery ask for, each stream's counted.",
  ]
}
