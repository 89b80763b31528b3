#!/usr/bin/env bash
# How close a run comes to the time that no schedule can beat, max(longest chain, all work / slots),
# with ten slots: makespan.sh [SHAPE ...], by default layered wide chains tangled; SEEDS="1 2" takes
# others than the first, NODES=300 other sizes. Beside Terraform and OpenTofu where these are on the
# PATH. Every resource does nothing but wait.
#
# `first` knows nothing of the durations, `learned` has them from the first run.
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build
(cd "$root" && cargo build --quiet --package aurak-tests --bin aurak-for-tests)
shapes=("$@")
[ ${#shapes[@]} -gt 0 ] || shapes=(layered wide chains tangled)
read -ra seeds <<<"${SEEDS:-1}"
nodes=${NODES:-300}
slots=10

graph() { "$target/debug/aurak-for-tests" sleeping-graph "$shape" "$seed" "$nodes" "$1" "$slots"; }

# against SECONDS: as a part of the bound.
against() { awk -v s="$1" -v ms="$bound" 'BEGIN { printf "%.3f", s * 1000 / ms }'; }

row() {
  printf '%-8s %5s  %-10s %8s s  %s\n' "$shape" "$seed" "$1" "$2" "$3"
  echo "$1 $3" >>"$scratch/rows"
}

for shape in "${shapes[@]}"; do
  for seed in "${seeds[@]}"; do
    bound=$(graph bound)
    row bound "$(awk -v ms="$bound" 'BEGIN { printf "%.3f", ms / 1000 }')" 1
    dir=$scratch/aurak-$shape-$seed
    mkdir -p "$dir"
    graph aurak >"$dir/aurak.yaml"
    for run in first learned; do
      measure 1 "$aurak" -C "$dir" apply --yes --parallelism "$slots"
      row "$run" "$seconds" "$(against "$seconds")"
      # What was learned outlives what it was learned from.
      "$aurak" -C "$dir" destroy --yes >/dev/null
    done
    for tool in tofu terraform; do
      command -v "$tool" >/dev/null || continue
      tf=$scratch/$tool-$shape-$seed
      mkdir -p "$tf"
      graph terraform >"$tf/main.tf"
      "$tool" -chdir="$tf" init -input=false >/dev/null
      measure 1 "$tool" -chdir="$tf" apply -input=false -auto-approve -parallelism="$slots"
      row "$tool" "$seconds" "$(against "$seconds")"
    done
  done
done

awk '$1 != "bound" { n[$1]++; sum[$1] += $2; if ($2 > most[$1]) most[$1] = $2 }
  END { for (run in n) printf "%-10s mean %.3f, at the most %.3f, of %d graphs\n", run, sum[run] / n[run], most[run], n[run] }' \
  "$scratch/rows" | sort
