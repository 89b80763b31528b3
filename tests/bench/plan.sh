#!/usr/bin/env bash
# How long planning takes, whole processes with real state, beside Terraform and OpenTofu where these
# are on the PATH: plan.sh [N ...], by default 1000 10000 100000 (the others only up to 10000).
#
# The tree is 4-ary: each resource refers to the id of its parent. A create plan has no state, a
# no-op plan has the state of an apply. The last lines compare two dependent `for_each` with
# independent resources.
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || if small; then sizes=(20 40); else sizes=(1000 10000 100000); fi

row() { printf '%-10s %-8s %-8s %9s s %7s MB\n' "$@"; }

other() {
  local tool=$1 n=$2 dir=$scratch/$1-$2
  has "$tool" || return 0
  tree_terraform "$dir" "$n"
  "$tool" -chdir="$dir" init -input=false >/dev/null
  measure 3 "$tool" -chdir="$dir" plan -input=false -lock=false
  row "$n" "$tool" create "$seconds" "$megabytes"
  eval "${tool}_create=$seconds"
  # An apply of this size takes minutes; a plan that finds nothing to do needs its state.
  if [ "$n" -le 1000 ]; then
    "$tool" -chdir="$dir" apply -input=false -auto-approve >/dev/null
    measure 3 "$tool" -chdir="$dir" plan -input=false -lock=false
    row "$n" "$tool" no-op "$seconds" "$megabytes"
  fi
}

for n in "${sizes[@]}"; do
  dir=$scratch/aurak-$n
  tree_aurak "$dir" "$n"
  measure 7 "$aurak" -C "$dir" plan
  row "$n" aurak create "$seconds" "$megabytes"
  ours=$seconds
  [ -z "${created_before:-}" ] || echo "$n / $before: create = $(ratio "$seconds" "$created_before")"
  created_before=$seconds
  "$aurak" -C "$dir" apply --yes >/dev/null
  measure 7 "$aurak" -C "$dir" plan
  row "$n" aurak no-op "$seconds" "$megabytes"
  [ -z "${same_before:-}" ] || echo "$n / $before: no-op = $(ratio "$seconds" "$same_before")"
  same_before=$seconds
  before=$n
  if [ "$n" -le 10000 ]; then
    for tool in terraform tofu; do
      other "$tool" "$n"
      created=${tool}_create
      [ -z "${!created:-}" ] || echo "$n: $tool / aurak = $(ratio "${!created}" "$ours")"
    done
  fi
done

n=$(small && echo 20 || echo 5000)
pairs_aurak "$scratch/pairs" "$n"
measure 5 "$aurak" -C "$scratch/pairs" plan
pairs=$seconds
row "2x$n" aurak for_each "$seconds" "$megabytes"
flat_aurak "$scratch/flat" $((2 * n))
measure 5 "$aurak" -C "$scratch/flat" plan
row $((2 * n)) aurak flat "$seconds" "$megabytes"
echo "two dependent for_each of $n / $((2 * n)) independent = $(ratio "$pairs" "$seconds")"
