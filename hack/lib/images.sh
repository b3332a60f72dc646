# shellcheck shell=bash
# What the scripts that build images share. Source it after common.sh.

amesh_version() { sed -n 's/.*static let current = "\(.*\)".*/\1/p' "${root:?}/Sources/amesh/Version.swift"; }

# choose_tool [NAME]: the one that is asked for, or the first that works: docker may be there without its daemon.
choose_tool() {
  local one
  case ${1:-} in
    buildah | podman | docker) printf '%s\n' "$1" && return ;;
    '') ;;
    *) fail "--with takes buildah, podman or docker, not $1" ;;
  esac
  for one in buildah podman docker; do
    command -v "$one" >/dev/null || continue
    if [[ $one == docker ]] && ! docker info >/dev/null 2>&1; then continue; fi
    printf '%s\n' "$one"
    return
  done
  fail "there is no buildah, podman or docker here; on Debian: apt-get install buildah"
}

# AMESH: the release, built unless it names one.
require_release() {
  if [[ -n ${AMESH:-} ]]; then return; fi
  step "Building the release (the first time takes some minutes)" \
    swift build -c release --static-swift-stdlib --product amesh || fail "the release does not build"
  AMESH="$(swift build -c release --static-swift-stdlib --show-bin-path)/amesh"
}

# The commit's time is the image's, so that it can be built again.
export_build_time() {
  SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
  export SOURCE_DATE_EPOCH
}

# build_image TOOL TAG FILE CONTEXT [OPTION…]
build_image() {
  local tool=$1 tag=$2 file=$3 context=$4
  shift 4
  case $tool in
    docker) docker build --tag "$tag" --file "$file" "$@" "$context" ;;
    *) "$tool" build --format oci --timestamp "$SOURCE_DATE_EPOCH" --tag "$tag" --file "$file" "$@" "$context" ;;
  esac
}
