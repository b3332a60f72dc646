# shellcheck shell=bash disable=SC2154 # sourced by hack/e2e
# The API server goes away and comes back.

if [[ -n $owns_cluster ]]; then
  new_namespace outage
  cluster_stop_apiserver KILL
  check_refused "killed, the API server answers nobody" "refused" "$kubectl" get namespaces
  cluster_start_apiserver
  check "back, it has what was written" "$kubectl" get namespace "$namespace"
  cluster_stop_apiserver
  check_refused "stopped in good order, it answers nobody" "refused" "$kubectl" get namespaces
  cluster_start_apiserver
  check "back, it has it still" "$kubectl" get namespace "$namespace"
else
  check_skipped "the API server goes away" "this cluster is not ours to stop"
fi
