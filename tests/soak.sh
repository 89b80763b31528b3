#!/usr/bin/env bash
# The soak: one process plans and applies, 64 steps at once, against a world in another process where
# things go wrong by chance. Memory, open files, threads and tasks must not grow, nothing may hang, the
# state must check after every round, what was applied in a calm world must need nothing more, and 64
# steps must really have been under way at once.
#
#   tests/soak.sh [SECONDS] [SEED] [RESOURCES] [PERCENT OF A CORE]
#
# An hour by default, with up to 600 resources and 70 % of a core. Says how far it is every half minute.
set -euo pipefail
case ${1:-} in
  -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *[!0-9]*) echo "$0: \`$1\` is no number; see --help" >&2; exit 2 ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A little optimised, as in CI: three times as many rounds in the same time.
export CARGO_PROFILE_DEV_OPT_LEVEL=1
cargo build --quiet --locked -p aurak-tests --bin aurak-for-tests
exec "${CARGO_TARGET_DIR:-target}/debug/aurak-for-tests" soak "${1:-3600}" 0 "${2:-1}" "${3:-600}" "${4:-70}" 64
