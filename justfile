# The everyday commands; `.ci/run` is what has to pass.

default:
    @just --list

# Everything that CI runs.
ci:
    .ci/run

# The tests, quickly.
test:
    cargo test --workspace

# Format and lint.
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets -- -D warnings

# Accept changed snapshots after reading them.
bless:
    AURAK_BLESS=1 INSTA_UPDATE=always cargo test --workspace

# Licences and known vulnerabilities of the dependencies (needs cargo-deny).
deny:
    cargo deny check
    cargo deny --manifest-path fuzz/Cargo.toml check --config deny.toml
