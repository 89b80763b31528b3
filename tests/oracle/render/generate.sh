#!/bin/sh
# Rewrites the answers in the table of rendered charts of aurak-chart.
#
#   tests/oracle/render/generate.sh    rewrite the table in place
#
# Needs Go; the test that reads the table needs none. To add a row, append one with its input only and
# run this. One program asks both Helms: they are modules of different names.
set -eu
cd "$(dirname "$0")"
crate=$(cd ../../.. && pwd)/providers/helm/chart
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/oracle" .
"$work/oracle" "$crate/tests/tables/render.jsonl"
