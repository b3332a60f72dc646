# shellcheck shell=bash disable=SC2154 # sourced by hack/e2e
# The control plane may do what it does, and nothing else: asked of the API server, as its ServiceAccount.

account=system:serviceaccount:amesh-system:amesh
as() { "$kubectl" --as "$account" "$@"; }
may() { as auth can-i "$@"; }
may_not() {
  local answer
  answer=$(as auth can-i "$@" 2>/dev/null) || true
  [[ $answer == no* ]] || { echo "the answer is: $answer" && return 1; }
}

new_namespace permissions
for resource in namespaces pods services serviceaccounts nodes; do
  for verb in get list watch; do check "may $verb $resource" may "$verb" "$resource" --all-namespaces; done
  for verb in create update patch delete; do check "may not $verb $resource" may_not "$verb" "$resource" --all-namespaces; done
done
check "may ask about tokens" may create tokenreviews.authentication.k8s.io
check "may read the cluster's public keys" as get --raw /openid/v1/jwks
check "may write events" may create events --namespace "$namespace"

for verb in get list watch create update patch delete; do
  check "may not $verb Secrets elsewhere" may_not "$verb" secrets --namespace "$namespace"
done
for verb in get list watch update patch delete; do
  check "may not $verb any Secret at home" may_not "$verb" secrets/other --namespace amesh-system
done
for verb in get watch update; do check "may $verb Secret amesh-ca" may "$verb" secrets/amesh-ca --namespace amesh-system; done
check "may create a Secret at home" may create secrets --namespace amesh-system
check "may get Secret cacerts" may get secrets/cacerts --namespace amesh-system
check "may not update Secret cacerts" may_not update secrets/cacerts --namespace amesh-system
check "may not delete Secret amesh-ca" may_not delete secrets/amesh-ca --namespace amesh-system
check "lists Secret amesh-ca by its name" as get secrets --namespace amesh-system --field-selector metadata.name=amesh-ca
check_refused "lists no Secrets otherwise" Forbidden as get secrets --namespace amesh-system

for verb in get update; do check "may $verb its Lease" may "$verb" leases/amesh-leader --namespace amesh-system; done
check "may create a Lease at home" may create leases --namespace amesh-system
check "may not update another Lease" may_not update leases/other --namespace amesh-system
check "may not touch Leases elsewhere" may_not create leases --namespace kube-system

configuration=mutatingwebhookconfigurations.admissionregistration.k8s.io
for verb in get list watch patch; do check "may $verb its webhooks" may "$verb" "$configuration/amesh-sidecar-injector"; done
for verb in create update delete; do check "may not $verb its webhooks" may_not "$verb" "$configuration/amesh-sidecar-injector"; done
check "may not patch others' webhooks" may_not patch "$configuration/other"
check "lists its webhooks by their name" as get "$configuration" --field-selector metadata.name=amesh-sidecar-injector

validator=validatingwebhookconfigurations.admissionregistration.k8s.io
for verb in get list watch patch; do check "may $verb its validating webhook" may "$verb" "$validator/amesh-plugin-validator"; done
for verb in create update delete; do check "may not $verb it" may_not "$verb" "$validator/amesh-plugin-validator"; done
check "may not patch others'" may_not patch "$validator/other"

plugins=ameshpluginconfigs.apisix.apache.org
# answer_of_plugins VERB [SUBRESOURCE]: true or false; kubectl itself asks nothing of a kind that is not installed.
answer_of_plugins() {
  local attributes="\"verb\":\"$1\",\"group\":\"${plugins#*.}\",\"resource\":\"${plugins%%.*}\",\"subresource\":\"${2:-}\""
  printf '{"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"%s","resourceAttributes":{%s}}}' \
    "$account" "$attributes" | "$kubectl" create --output 'jsonpath={.status.allowed}' --filename -
}
may_of_plugins() { [[ $(answer_of_plugins "$@") == true ]]; }
may_not_of_plugins() { [[ $(answer_of_plugins "$@") == false ]]; }
for verb in list watch; do check "may $verb plugin configurations" may_of_plugins "$verb"; done
check "may write their status" may_of_plugins patch status
for verb in create update patch delete; do check "may not $verb them" may_not_of_plugins "$verb"; done
check "may write its report of them" may patch configmaps/amesh-plugin-reports --namespace amesh-system

bundle() {
  printf '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s","namespace":"%s"},"data":{"root-cert.pem":"%s"}}' \
    "$1" "$namespace" "$2" | as apply --server-side --field-manager amesh --filename -
}
check "spreads the bundle to where there is none" bundle amesh-root one
check "changes it" bundle amesh-root two
check_refused "writes no other ConfigMap" Forbidden bundle kube-root-ca.crt one
check "watches all bundles by their name" as get configmaps --all-namespaces --field-selector metadata.name=amesh-root
check_refused "reads no other ConfigMaps" Forbidden as get configmaps --all-namespaces

may_nothing_more() {
  local verb
  for verb in create update patch delete; do
    may_not "$verb" deployments.apps --all-namespaces
    may_not "$verb" clusterroles.rbac.authorization.k8s.io
    may_not "$verb" clusterrolebindings.rbac.authorization.k8s.io
  done
  may_not create pods/exec --all-namespaces
  may_not create serviceaccounts/token --all-namespaces
  may_not impersonate users
}
check "may not run Pods, mint tokens or give itself more" may_nothing_more
