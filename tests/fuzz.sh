#!/bin/sh
# Plays many lifecycles: tests/fuzz.sh [CASES] [FIRST_SEED]
#
# A case is its seed. One that fails is made small and printed as a scenario for tests/scenarios.
# AURAK_FUZZ_THREADS says how many are played at once. AURAK_FUZZ_REFUSED=TEXT takes an end that is
# refused with this text for a failure, to see the smallest stack that is.
set -eu
case ${1:-} in
  -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *[!0-9]*) echo "$0: \`$1\` is no number; see --help" >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."
export AURAK_FUZZ_CASES="${1:-100000}" AURAK_FUZZ_SEED="${2:-1}"
exec cargo test -p aurak-tests --test all -- --nocapture lifecycle::
