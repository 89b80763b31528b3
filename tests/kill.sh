#!/usr/bin/env bash
# The kill matrix: a long scenario is stopped before and after every write of its store, by SIGKILL at
# random instants, and again in the runs that bring the first stop in order. After each it has to end
# where a run ends that nobody stopped, with no orphan and nothing made twice.
#
#   tests/kill.sh [--seed N] [--jobs N] [--instants N] [--again N] [--sample N] [CASE ...]
#
# A case is a phase and where its runs are stopped, such as 2/before-17,after-3; every finding prints
# its own. Takes some ten minutes, most of them waiting.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --quiet --locked -p aurak-tests --bin aurak-for-tests
exec "${CARGO_TARGET_DIR:-target}/debug/aurak-for-tests" kill-matrix "$@"
