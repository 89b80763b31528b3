#!/usr/bin/env bash
# Installs Microsoft's Python SDKs into an environment outside of this checkout, once for each set of
# versions, and prints where it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

digest=$(sha256sum requirements.txt | cut -c1-12)
venv="${AURAK_CLIENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/aurak-tests}/clients-$digest"
if [ ! -e "$venv/complete" ]; then
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt >&2
  touch "$venv/complete"
fi
echo "$venv"
