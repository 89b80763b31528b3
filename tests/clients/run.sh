#!/usr/bin/env bash
# Microsoft's own SDKs against the sandbox: every type is made, read, listed, updated and deleted; and what
# aurak made there is read back.
# Without Python or the SDKs this is skipped, and says so; with AURAK_REQUIRE_REAL=1 it fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! venv=$(tests/clients/install.sh); then
  echo "skipped: the Python SDKs are not there and could not be installed"
  [ "${AURAK_REQUIRE_REAL:-}" != 1 ]
  exit
fi
# As the other tests are built: a package by itself would have all dependencies built again.
cargo test --quiet --workspace --locked --no-run --example serve
cargo build --quiet --workspace --locked --bin aurak
target="${CARGO_TARGET_DIR:-target}"
"$venv/bin/python" tests/clients/sdk.py "$target/debug/examples/serve"
"$venv/bin/python" tests/clients/read_back.py "$target/debug/aurak"
