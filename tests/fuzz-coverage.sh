#!/bin/sh
# The coverage-guided fuzz: tests/fuzz-coverage.sh [TARGET|all] [SECONDS]
#
# Needs a C++ compiler, for libFuzzer. What it comes across is kept in fuzz/corpus/TARGET, so that the
# next run goes on from there. An input that is a finding, because it fails, or takes more than five
# seconds or 512 MB, is left in fuzz/corpus/found: make it small (`TARGET -minimize_crash=1 FILE`), mend
# what it finds, and put it into fuzz/seeds/TARGET, where a normal test calls it from then on.
set -eu
every="yaml expression lang planner plan_file records types"
targets=${1:-all} seconds=${2:-600}
case " all $every " in
  *" $targets "*) ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; echo "targets: $every"; [ "$targets" = --help ]; exit ;;
esac
case $seconds in *[!0-9]*) echo "$0: \`$seconds\` is no number of seconds" >&2; exit 2 ;; esac
[ "$targets" != all ] || targets=$every
cd "$(dirname "$0")/../fuzz"
host=$(rustc -vV | sed -n 's/^host: //p')

# The names of what LLVM's pass adds; with a target of its own, build scripts do without it.
RUSTFLAGS="${RUSTFLAGS:-} -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares" \
  cargo build --release --locked --target "$host"

mkdir -p corpus/found
failed=0
for target in $targets; do
  mkdir -p "corpus/$target"
  dictionary="dictionaries/$target.txt"
  # As in tests/src/targets.
  case $target in
    yaml | lang) more="../tests/corpus ../tests/scenarios ../examples ../cli/templates" ;;
    types) more=$(ls -d ../providers/*/types) ;;
    *) more= ;;
  esac
  echo "== $target"
  "${CARGO_TARGET_DIR:-target}/$host/release/$target" "corpus/$target" "seeds/$target" $more \
    $([ ! -f "$dictionary" ] || echo "-dict=$dictionary") \
    -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 -max_len=65536 -len_control=20 \
    -artifact_prefix="corpus/found/$target-" -print_final_stats=1 || failed=1
done
exit "$failed"
