#!/usr/bin/env bash
# How close a run comes to the time that no schedule can beat, max(longest chain, all work / slots),
# with ten slots: makespan.sh [SHAPE ...], by default layered wide chains tangled; SEEDS="4 5" takes
# others than 1 2 3, NODES=300 other sizes. The first seed beside Terraform and OpenTofu, where these are
# on the PATH. Every resource does nothing but wait.
#
# `first` knows nothing of the durations, `learned` has them from the first run. Ends with 1 where a
# learned run takes more than 1.05 of the bound, or first runs more than 1.15 in the mean. A single first
# run may take longer: one step in sixteen is ten times as long as the others, nothing tells which, and
# where one of these begins last every order is as bad. Those are counted.
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build
for_tests
shapes=("$@")
[ ${#shapes[@]} -gt 0 ] || if small; then shapes=(tangled); else shapes=(layered wide chains tangled); fi
read -ra seeds <<<"${SEEDS:-$(small && echo 1 || echo 1 2 3)}"
nodes=${NODES:-$(small && echo 8 || echo 300)}
slots=10

graph() { "$programs/aurak-for-tests" sleeping-graph "$shape" "$seed" "$nodes" "$1" "$slots"; }

# against SECONDS: as a part of the bound.
against() { awk -v s="$1" -v ms="$bound" 'BEGIN { printf "%.3f", s * 1000 / ms }'; }

row() {
  printf '%-8s %5s  %-10s %8s s  %s\n' "$shape" "$seed" "$1" "$2" "$3"
  echo "$1 $3" >>"$scratch/rows"
}

for tool in tofu terraform; do has "$tool" || true; done
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
    [ "$seed" = "${seeds[0]}" ] || continue
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

awk '$1 != "bound" { n[$1]++; sum[$1] += $2; if ($2 > most[$1]) most[$1] = $2; far[$1] += $2 > 1.15 }
  END { for (run in n) printf "%-10s mean %.3f, at the most %.3f, %d of %d graphs beyond 1.15\n", run, sum[run] / n[run], most[run], far[run], n[run] }' \
  "$scratch/rows" | sort

# In a small graph starting the process is most of it.
if [ "$nodes" -lt 300 ]; then
  echo "not judged: $nodes resources are too few"
  exit 0
fi
awk '$1 == "learned" && $2 > 1.05 { print "a learned run takes " $2 " of the bound"; bad = 1 }
  $1 == "first" { n++; sum += $2 }
  END { if (sum / n > 1.15) { print "first runs take " sum / n " of the bound in the mean"; bad = 1 } exit bad }' \
  "$scratch/rows" >&2
