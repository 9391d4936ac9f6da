# What developers do often: `just` lists it. Each line is a plain command, and works without just.

_default:
    @just --list

# Builds everything, tests included
setup:
    cargo build --workspace --all-targets --locked

# Runs all tests: over real parts, which pip brings
test *filter:
    cargo test --workspace --locked -- {{ filter }}

# Format, lints, documentation, unused dependencies, licences
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --locked --lib --examples
    cargo machete
    cargo deny check

# Renews .sqlx after a change of SQL; DATABASE_URL is a migrated database
prepare:
    SQLX_OFFLINE=false cargo sqlx prepare --workspace -- --all-targets

# Benchmarks, in a release build
bench *name:
    cargo bench --locked {{ name }}

# The demo, with pages to click through
demo:
    cargo run --locked -- demo
