# Formats, lints and tests what a change touches.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test --workspace

# Runs every test that needs nothing but Rust.
test *args:
    cargo test --workspace {{ args }}

# Runs all of the tests that are otherwise sliced: every seed, every fault, every rule's cases, fifty kills.
test-all:
    SLICE=all KILL_ROUNDS=50 cargo test --workspace

# Rewrites generated pages and snapshots.
bless:
    BLESS=1 cargo test --test e2e generated_pages_are_current
    INSTA_UPDATE=always cargo test --workspace

# Starts pennyspan with a company's telemetry, and prints the address of its pages.
demo:
    cargo run --release -- demo

# Measures reports, pages, ingest and fold over a million invocations; figures are printed, never judged.
bench dir="/tmp/pennyspan-bench":
    cargo build --release
    target/release/pennyspan bench data {{ dir }} --invocations 1000000
    target/release/pennyspan bench report {{ dir }}
    target/release/pennyspan bench pages {{ dir }}
    target/release/pennyspan bench ingest
    target/release/pennyspan bench fold

# Runs what continuous integration runs.
ci:
    bash .ci/run

# Checks licences, advisories, duplicate versions and who may depend on what; needs cargo-deny.
deny:
    cargo deny check
