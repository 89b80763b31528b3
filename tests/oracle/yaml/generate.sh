#!/bin/sh
# Rewrites the answers in the tables of aurak-goyaml, and the letters for its order of keys.
#
#   tests/oracle/yaml/generate.sh                      rewrite all tables in place
#   tests/oracle/yaml/generate.sh fuzz [SEED [COUNT]]  compare COUNT random inputs of each kind instead
#
# Needs Go; the tests that read the tables need none. To add a row, append one with its input only
# ({"in": "a: b"} or {"value": [1]}) to a table and run this. What the fuzz finds is printed as rows that
# can be appended as they are.
set -eu
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
crate=$root/providers/helm/goyaml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/oracle" .

if [ "${1:-}" = fuzz ]; then
    seed=${2:-1}
    count=${3:-10000}
    for kind in read stream write; do
        "$work/oracle" fuzz "$kind" "$seed" "$count" > "$work/$kind.jsonl"
    done
    cd "$root"
    GOYAML_ROWS=$work cargo test -q -p aurak-goyaml --test yaml -- rows_from_elsewhere
    exit
fi

"$work/oracle" letters > "$crate/src/write/letters.rs"
"$work/oracle" rows "$crate"/tests/tables/*.jsonl
