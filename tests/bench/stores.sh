#!/usr/bin/env bash
# How long an apply of the tree takes with a store whose every write takes 50 ms, as a blob far away
# does, beside the same with the store on this disk: stores.sh [N ...], by default 1000 4000.
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
for_tests
aurak=$programs/aurak-for-tests
sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || if small; then sizes=(20); else sizes=(1000 4000); fi

# fresh DIR: the stack without its state.
fresh() {
  rm -rf "$1/.aurak" "$scratch/writes" && shift && "$@"
}
export -f fresh
export scratch AURAK_TEST_WRITES=$scratch/writes

for n in "${sizes[@]}"; do
  dir=$scratch/aurak-$n
  tree_aurak "$dir" "$n"
  for far in 0 50; do
    AURAK_TEST_FAR_STORE=$far measure 3 bash -c 'fresh "$@"' fresh "$dir" "$aurak" -C "$dir" apply --yes
    printf '%-8s %2s ms a write  %8s s  %5s writes  %s MB\n' "$n" "$far" "$seconds" "$(grep -c . "$scratch/writes")" "$megabytes"
    [ "$far" = 0 ] || [ "$n" -gt 4000 ] || awk -v s="$seconds" 'BEGIN { exit s < 25 ? 0 : 1 }' || {
      echo "more than 25 s" >&2
      exit 1
    }
  done
done
