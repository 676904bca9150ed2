# Formats, lints and tests what a change touches.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test --workspace

# Runs every test that needs nothing but Rust.
test *args:
    cargo test --workspace {{ args }}

# Runs all of the tests that are otherwise sliced: every seed, every fault, every rule's cases, a thousand kills.
test-all:
    SLICE=all cargo test --workspace
    just test-kills all

# Kills the program at random moments and at named stages, and compares its tables with another Delta reader's: a slice, or all.
test-kills slice="":
    test -x target/readers/bin/python || python3 -m venv target/readers
    target/readers/bin/python -m pip install -q -r tests/readers/requirements.txt
    READER_PYTHON="$PWD/target/readers/bin/python" SLICE={{ slice }} \
        cargo test --workspace --features pennyspan/fault-points --test e2e --lib -- --include-ignored at_every_stage another_reader an_armed_stage a_full_disk a_real_disk

# Every seed of the faults that tests inject at the log's seam and at the tables', and prints them by kind. `FAULT_SEED=N` repeats one.
test-faults:
    SLICE=all cargo test -p pennyspan-collector --lib -- --nocapture seeded_faults
    SLICE=all cargo test --workspace --test e2e -- --nocapture seeded_faults

# The group commit under a scheduler that tries interleavings, `SLICE=all` for all; `SHUTTLE_RANDOM_SEED=N` repeats one.
test-interleavings:
    cargo test -p pennyspan-collector --features shuttle --lib -- --nocapture interleaving

# Two hundred seeds of what is healthy, which must pass, and of what got worse, which must fail.
test-flapping:
    SLICE=all cargo test --test e2e -- flapping::

# Ten times as much as the server can take, for a minute, under a memory cap; figures are printed.
storm:
    STORM_SECONDS=60 cargo test --release --test e2e -- --nocapture storm::

# The official SDKs of Python and Node.js export to the program, which restarts in the middle; needs Python, Node.js and npm.
test-exporters:
    test -x target/exporters/bin/python || python3 -m venv target/exporters
    target/exporters/bin/python -m pip install -q -r tests/exporters/python/requirements.txt
    npm ci --prefix tests/exporters/node --ignore-scripts
    EXPORTER_PYTHON="$PWD/target/exporters/bin/python" EXPORTER_MODULES="$PWD/tests/exporters/node/" \
        cargo test --test e2e -- --ignored exporters::

# Rewrites generated pages and snapshots.
bless:
    BLESS=1 cargo test --test e2e generated_pages_are_current
    BLESS=1 cargo test -p pennyspan-collector --lib every_damaged_log
    INSTA_UPDATE=always cargo test --workspace

# Starts pennyspan with a company's telemetry, and prints the address of its pages.
demo:
    cargo run --release -- demo

# Opens every page in Chromium and demands that nothing is wrong with it; needs Chromium, Node.js and npm.
browser:
    cargo build
    npm ci --prefix tests/browser --ignore-scripts
    node tests/browser/run.mjs

# Takes the picture of the first page that the README shows, from the demo.
picture:
    cargo build --release
    npm ci --prefix tests/browser --ignore-scripts
    PENNYSPAN=target/release/pennyspan node tests/browser/picture.mjs docs/home.png

# Measures reports, pages, ingest and fold over a million invocations; figures are printed, never judged.
bench dir="/tmp/pennyspan-bench":
    cargo build --release
    target/release/pennyspan bench data {{ dir }} --invocations 1000000
    target/release/pennyspan bench report {{ dir }}
    target/release/pennyspan bench pages {{ dir }}
    target/release/pennyspan bench ingest
    target/release/pennyspan bench fold

# Prints what a span costs, part by part, beside prost and serde over the same bytes.
bench-decode:
    cargo test --release -p pennyspan-collector -- --ignored --nocapture what_a_span_costs

# The door beside Rotel's agent, which forwards to nowhere: the same load to each, the server on core 0 and the client on core 1. It
# needs `rotel-agent` of the Python package rotel, on the path or named by ROTEL.
bench-rotel seconds="20" encoding="identity":
    cargo build --release
    tests/bench/rotel.sh {{ seconds }} {{ encoding }}

# Every decoder on damaged inputs: ten seconds each, or as many as are said; an hour before a release is `just fuzz 300`.
fuzz seconds="10" seed="1":
    cargo run --release --manifest-path fuzz/Cargo.toml --bin drive -- {{ seconds }} {{ seed }}

# A million generated messages, half of them damaged, against two other readers of the protocol.
test-cases:
    SLICE=all cargo test --release -p pennyspan-collector -- --nocapture generated_and_damaged

# Runs what continuous integration runs.
ci:
    bash .ci/run

# Checks licences, advisories, duplicate versions and who may depend on what; needs cargo-deny.
deny:
    cargo deny check
