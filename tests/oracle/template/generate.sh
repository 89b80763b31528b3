#!/bin/sh
# generate.sh - asks Go and rewrites what it answered.
#
#   generate.sh                     rewrites the tables of providers/helm/gotemplate/tests/tables, each
#                                   row answered anew, and the tables of characters
#   generate.sh fuzz SEED COUNT     prints random rows with their answers; the test `differential`
#                                   compares those of the file named in AURAK_GOTEMPLATE_ROWS
#
# It needs Go 1.26 on the PATH. A new question is a row without an answer ("want", "error") put into a
# table before this is run.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
crate="$here/../../../providers/helm/gotemplate"
cd "$here"

case "${1:-}" in
  "")
    go run . rewrite "$crate"/tests/tables/*.jsonl
    go run . unicode >"$crate/src/unicode_tables.rs.new"
    mv "$crate/src/unicode_tables.rs.new" "$crate/src/unicode_tables.rs"
    ;;
  fuzz) go run . fuzz "$2" "$3" ;;
  *) sed -n '2,11p' "$0"; exit 2 ;;
esac
