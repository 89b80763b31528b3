#!/bin/sh
# Rewrites the answers in the tables of aurak-chart, and the list of groups and versions.
#
#   tests/oracle/chart/generate.sh                      rewrite all tables in place
#   tests/oracle/chart/generate.sh fuzz [SEED [COUNT]]  compare COUNT random inputs of each kind instead
#
# Needs Go; the tests that read the tables need none. To add a row, append one with its input only to a
# table and run this. One program asks both Helms: they are modules of different names.
set -eu
cd "$(dirname "$0")"
crate=$(cd ../../.. && pwd)/providers/helm/chart
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/oracle" .

if [ "${1:-}" = fuzz ]; then
    "$work/oracle" fuzz "$work" "${2:-1}" "${3:-2000}"
    cd "$crate"
    CHART_ROWS=$work cargo test -q -p aurak-chart --test judge
    exit
fi

"$work/oracle" api-versions > "$crate/src/api_versions.rs"
"$work/oracle" "$crate"/tests/tables/*.jsonl
