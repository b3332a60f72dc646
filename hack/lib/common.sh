# shellcheck shell=bash
# What the scripts of hack/ share: headings, progress, requirements. Source it after `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
log_directory="$root/.build/logs"
child=

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' reset=$'\e[0m'
else
  # shellcheck disable=SC2034 # green is for those who source this
  bold='' dim='' red='' green='' reset=''
fi

# Seconds as 7s or 3m07s.
elapsed() {
  local seconds=$1
  if ((seconds < 60)); then printf '%ds' "$seconds"; else printf '%dm%02ds' $((seconds / 60)) $((seconds % 60)); fi
}

heading() { printf '%s==> [%s] %s%s\n' "$bold" "$(elapsed $SECONDS)" "$*" "$reset"; }
note() { printf '%s    %s%s\n' "$dim" "$*" "$reset"; }
fail() {
  printf '%serror: %s%s\n' "$red" "$*" "$reset" >&2
  exit 1
}

# Ends what `step` has started, if this script is ended first.
end_child() {
  [[ -n $child ]] || return 0
  kill -TERM "$child" 2>/dev/null || true
  wait "$child" 2>/dev/null || true
  child=
}
trap end_child EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# step TITLE COMMAND…: runs it, showing every line on a terminal as one that is overwritten, else a sign of life every
# 15 seconds; its output stays in .build/logs and its end is shown when it fails.
step() {
  local title=$1 started=$SECONDS status=0 shown=$SECONDS
  shift
  mkdir -p "$log_directory"
  log="$log_directory/$(tr -cs 'A-Za-z0-9' '-' <<<"$title" | sed 's/-*$//').log"
  heading "$title"
  "$@" >"$log" 2>&1 </dev/null &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    sleep 0.5
    if [[ -t 1 ]]; then
      printf '\r\e[K%s    %4s  %.100s%s' "$dim" "$(elapsed $((SECONDS - started)))" "$(last_line)" "$reset"
    elif ((SECONDS - shown >= 15)); then
      note "$(elapsed $((SECONDS - started)))  $(last_line | cut -c1-150)"
      shown=$SECONDS
    fi
  done
  wait "$child" || status=$?
  child=
  if [[ -t 1 ]]; then printf '\r\e[K'; fi
  if ((status == 0)); then
    note "done in $(elapsed $((SECONDS - started)))"
  else
    tail -n "${STEP_TAIL:-60}" "$log" >&2
    printf '%s    failed after %s with status %s; all of its output is in %s%s\n' \
      "$red" "$(elapsed $((SECONDS - started)))" "$status" "${log#"$root"/}" "$reset" >&2
  fi
  return "$status"
}

last_line() { tail -n 1 "$log" 2>/dev/null | tr -d '\r\t' || true; }

# require_packages NAME…: Debian packages, installed where they are missing.
require_packages() {
  local name missing=()
  for name in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || fail "these are missing, and there is no apt-get to install them: ${missing[*]}"
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "run as root, or install first: apt-get install ${missing[*]}"
    as_root=(sudo)
    sudo -v || fail "sudo did not let us install: apt-get install ${missing[*]}"
  fi
  step "Installing ${missing[*]}" "${as_root[@]}" bash -c '
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
  ' install "${missing[@]}" || fail "apt-get could not install: ${missing[*]}"
}

# Swift 6.3 or later, and what its packages need to be built.
require_swift() {
  command -v swift >/dev/null || fail "there is no swift in PATH; install Swift 6.3 or later from https://swift.org/install"
  local version major minor
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  major=${version%%.*} minor=${version#*.}
  if [[ -z $version ]] || ((major < 6 || (major == 6 && minor < 3))); then
    fail "Swift ${version:-of an unknown version} is too old; install 6.3 or later from https://swift.org/install"
  fi
  require_packages ca-certificates git zlib1g-dev
}
