#!/bin/sh
# generate.sh - asks the real sprig and rewrites what it answered.
#
#   generate.sh                     rewrites the tables of providers/helm/sprig/tests/tables, each row
#                                   answered anew, and the list of names
#   generate.sh fuzz SEED COUNT     prints random rows with their answers; the test `differential`
#                                   compares those of the file named in AURAK_SPRIG_ROWS
#
# It needs Go 1.26 on the PATH. A new question is a row without an answer ("want", "error") put into a
# table before this is run. Dates are those of Berlin.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
crate="$here/../../../providers/helm/sprig"
cd "$here"
export TZ=Europe/Berlin

case "${1:-}" in
  "")
    go run . rewrite "$crate"/tests/tables/*.jsonl
    go run . names >"$crate/tests/tables/names.txt"
    ;;
  fuzz) go run . fuzz "$2" "$3" ;;
  *) sed -n '2,11p' "$0"; exit 2 ;;
esac
