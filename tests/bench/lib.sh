# Shared by the benchmarks: the tree of resources in both languages, and honest timing.
# Sourced, not run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
# SMALL=1 takes the programs that the tests built and the smallest sizes, each once: only to see that a
# benchmark works.
small() { [ "${SMALL:-0}" = 1 ]; }
programs=$target/release
! small || programs=$target/debug
aurak=$programs/aurak
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export AURAK_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1 NO_COLOR=1 LC_ALL=C
# A personal configuration file that is not there would fill the output with warnings.
[ -e "${TF_CLI_CONFIG_FILE:-/}" ] || unset TF_CLI_CONFIG_FILE

build() {
  small || (cd "$root" && cargo build --release --quiet --package aurak-cli)
}

# for_tests: the program of the tests too.
for_tests() {
  small || (cd "$root" && cargo build --release --quiet --package aurak-tests --bin aurak-for-tests)
}

# has TOOL: whether it is on the PATH; where it is not, that is said.
has() {
  command -v "$1" >/dev/null || {
    echo "skipped: $1 is not on the PATH"
    return 1
  }
}

# tree_aurak DIR N: the 4-ary tree, each resource with the id of its parent.
tree_aurak() {
  mkdir -p "$1"
  awk -v n="$2" 'BEGIN {
    print "aurak: 1\nname: tree\nresources:"
    for (i = 0; i < n; i++) {
      parent = i == 0 ? "root" : "{{ r" int((i - 1) / 4) ".id }}"
      printf "  r%d:\n    type: core.data\n    input: { name: \"n%d\", parent: \"%s\", tag: \"t\" }\n", i, i, parent
    }
  }' >"$1/aurak.yaml"
}

# tree_terraform DIR N: the same tree of terraform_data.
tree_terraform() {
  mkdir -p "$1"
  awk -v n="$2" 'BEGIN {
    for (i = 0; i < n; i++) {
      parent = i == 0 ? "\"root\"" : "terraform_data.r" int((i - 1) / 4) ".id"
      printf "resource \"terraform_data\" \"r%d\" {\n  input = { name = \"n%d\", parent = %s, tag = \"t\" }\n}\n", i, i, parent
    }
  }' >"$1/main.tf"
}

# pairs_aurak DIR N: two dependent for_each of N each.
pairs_aurak() {
  mkdir -p "$1"
  cat >"$1/aurak.yaml" <<YAML
aurak: 1
name: pairs
let:
  keys: "{{ range($2) | map('string') | list }}"
resources:
  a:
    type: core.data
    for_each: "{{ keys }}"
    input: { name: "{{ each.key }}", tag: t }
  b:
    type: core.data
    for_each: "{{ keys }}"
    input: { name: "{{ each.key }}", parent: "{{ a[each.key].id }}" }
YAML
}

# flat_aurak DIR N: N resources that have nothing to do with each other.
flat_aurak() {
  mkdir -p "$1"
  awk -v n="$2" 'BEGIN {
    print "aurak: 1\nname: flat\nresources:"
    for (i = 0; i < n; i++) printf "  r%d:\n    type: core.data\n    input: { name: \"n%d\", tag: \"t\" }\n", i, i
  }' >"$1/aurak.yaml"
}

# measure RUNS COMMAND...: sets seconds (median) and megabytes (largest) of the whole process.
measure() {
  local runs=$1 i from to
  ! small || runs=1
  shift
  : >"$scratch/times"
  for ((i = 0; i < runs; i++)); do
    from=$EPOCHREALTIME
    command time -f '%M' -o "$scratch/time" "$@" >"$scratch/out" 2>"$scratch/err" || {
      echo "failed: $*" >&2
      tail -5 "$scratch/out" "$scratch/err" >&2
      return 1
    }
    to=$EPOCHREALTIME
    awk -v from="$from" -v to="$to" 'END { printf "%.3f %d\n", to - from, $1 }' "$scratch/time" >>"$scratch/times"
  done
  seconds=$(sort -n "$scratch/times" | awk '{ s[NR] = $1 } END { print s[int((NR + 1) / 2)] }')
  megabytes=$(awk '$2 > m { m = $2 } END { printf "%d", m / 1024 }' "$scratch/times")
}

ratio() {
  [ -n "${1:-}" ] && [ -n "${2:-}" ] || { echo "?"; return 0; }
  awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.1f", a / b; else printf "-" }'
}
