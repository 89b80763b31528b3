#!/usr/bin/env bash
# Installs the tools that the integration tests run against, where they are missing. Each is cached
# by the system's package manager, outside this checkout.
set -euo pipefail

need() {
  local command=$1 package=$2
  command -v "$command" >/dev/null 2>&1 && return 0
  echo "installing $package for $command"
  apt-get install --yes --no-install-recommends "$package" >/dev/null 2>&1 ||
    { apt-get update >/dev/null && apt-get install --yes --no-install-recommends "$package" >/dev/null; }
}

# The system calls of an apply, for the proof of durability.
need strace strace
# A terminal for the tests of the progress display.
need tmux tmux
# Judges of drawn keys.
need openssl openssl
need ssh-keygen openssh-client
# Microsoft's Python SDKs (tests/clients) live in an environment of their own.
python3 -c 'import ensurepip' >/dev/null 2>&1 || need ensurepip python3-venv
