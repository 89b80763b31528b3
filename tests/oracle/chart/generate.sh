#!/bin/sh
# Rewrites the answers in the tables of aurak-chart, and the list of groups and versions.
#
#   tests/oracle/chart/generate.sh      rewrite all tables in place
#
# Needs Go; the tests that read the tables need none. To add a row, append one with its input only to a
# table and run this. One program asks both Helms: they are modules of different names.
set -eu
cd "$(dirname "$0")"
crate=$(cd ../../.. && pwd)/providers/helm/chart
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/oracle" .
"$work/oracle" api-versions > "$crate/src/api_versions.rs"
"$work/oracle" "$crate"/tests/tables/*.jsonl
