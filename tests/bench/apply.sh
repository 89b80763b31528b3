#!/usr/bin/env bash
# How long an apply of the tree takes, with its durability, beside OpenTofu where that is on the
# PATH: apply.sh [N ...], by default 1000 4000 10000.
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
build
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || if small; then sizes=(20); else sizes=(1000 4000 10000); fi

# fresh DIR: the stack without its state.
fresh() {
  rm -rf "$1/.aurak" "$1"/terraform.tfstate* && shift && "$@"
}

for n in "${sizes[@]}"; do
  dir=$scratch/aurak-$n
  tree_aurak "$dir" "$n"
  export -f fresh
  measure 3 bash -c 'fresh "$@"' fresh "$dir" "$aurak" -C "$dir" apply --yes
  printf '%-8s aurak     %8s s  %6s ms a resource  %s MB\n' "$n" "$seconds" "$(awk -v s="$seconds" -v n="$n" 'BEGIN { printf "%.3f", s * 1000 / n }')" "$megabytes"
  for tool in tofu terraform; do
    has "$tool" || continue
    # Terraform writes its whole state for each change: beyond a thousand that takes minutes.
    [ "$tool" = tofu ] || [ "$n" -le 1000 ] || continue
    tf=$scratch/$tool-$n
    tree_terraform "$tf" "$n"
    "$tool" -chdir="$tf" init -input=false >/dev/null
    ours=$seconds
    measure 1 bash -c 'fresh "$@"' fresh "$tf" "$tool" -chdir="$tf" apply -input=false -auto-approve
    printf '%-8s %-9s %8s s  ratio %s\n' "$n" "$tool" "$seconds" "$(ratio "$seconds" "$ours")"
    seconds=$ours
  done
done
