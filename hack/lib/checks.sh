# shellcheck shell=bash disable=SC2154 # colours are lib/common.sh's
# Checks that are counted: a line for each, and at the end: N passed, N failed. Source it after lib/common.sh.

checks_passed=0 checks_failed=0 checks_skipped=0

# check TITLE COMMAND…: passes when the command does; what it says is shown when it doesn't.
check() {
  local title=$1 started=$SECONDS
  shift
  run_check "$@"
  if ((check_status == 0)); then
    check_passed "$title"
  else
    check_failed "$title" "status $check_status: $check_output"
  fi
  if ((SECONDS - started >= 5)); then note "took $(elapsed $((SECONDS - started)))"; fi
}

# check_refused TITLE PATTERN COMMAND…: passes when the command fails and says what the pattern finds.
check_refused() {
  local title=$1 pattern=$2
  shift 2
  run_check "$@"
  if ((check_status == 0)); then
    check_failed "$title" "it succeeded: $check_output"
  elif grep -qE -- "$pattern" <<<"$check_output"; then
    check_passed "$title"
  else
    check_failed "$title" "it failed otherwise than by $pattern: $check_output"
  fi
}

# Sets check_status and check_output. The first command that fails ends a function, as it would not within an `if`.
run_check() {
  set +e
  check_output=$(
    set -euo pipefail
    "$@" 2>&1
  )
  check_status=$?
  set -e
}

check_passed() {
  checks_passed=$((checks_passed + 1))
  printf '%s✔%s %s\n' "$green" "$reset" "$1"
}

check_failed() {
  checks_failed=$((checks_failed + 1))
  printf '%s✘ %s%s\n' "$red" "$1" "$reset"
  head -n 30 <<<"$2" | while IFS= read -r line; do printf '    %s\n' "$line"; done
}

# check_skipped TITLE WHY: what could not be shown here.
check_skipped() {
  checks_skipped=$((checks_skipped + 1))
  printf '%s- %s: %s%s\n' "$dim" "$1" "$2" "$reset"
}

# The closing line; fails when something did, or when nothing was checked.
close_checks() {
  if ((checks_skipped)); then note "$checks_skipped could not be shown here"; fi
  printf '%d passed, %d failed\n' "$checks_passed" "$checks_failed"
  ((checks_failed == 0 && checks_passed > 0))
}
