#!/bin/sh
# Plays an environment in sandboxes where a fifth of all requests goes wrong: tests/faults.sh [SEEDS] [FIRST]
#
# Whatever the luck, what is there in the end has to be the same.
set -eu
case ${1:-} in
  -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *[!0-9]*) echo "$0: \`$1\` is no number; see --help" >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."
export AURAK_FAULT_SEEDS="${1:-200}" AURAK_FAULT_SEED="${2:-1}"
exec cargo test -p aurak-tests --test all -- --nocapture sandbox_faults::
