#!/usr/bin/env bash
# What a disk can do to a state, tried at every place rather than at the few that the tests try:
# full at each number of free pages of each command, power cuts around every wait for the disk, flipped
# bits and cut files.
#
#   tests/disk.sh [CASES]
#
# CASES is how many places of each kind, by default 2000. Takes some twenty minutes, most of them in
# full disks. Needs strace, and mounts of its own: `unshare -Urm`, or to be root.
set -euo pipefail
case ${1:-} in
  -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *[!0-9]*) echo "$0: \`$1\` is no number; see --help" >&2; exit 2 ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What cannot be tried here is a failure, and not left out.
export AURAK_REQUIRE_REAL=1 AURAK_DISK_CASES=${1:-2000}
for tests in power_cut damaged read_only full_disk; do
  cargo test --quiet --locked -p aurak-tests --test all "${tests}::" -- --nocapture
done
cargo test --quiet --locked -p aurak-state --lib damage::
