# What one does here, by name. `just` lists it.

# An environment with hnn_core==0.6.1, NEURON==8.2.7, joblib and pyarrow, for `compare`, `parity` and `reference`.
oracle := env("HNN_ORACLE_PYTHON", "python3")
# An environment with arbor and cmake, for `compare-arbor`.
arbor := env("HNN_ARBOR_PYTHON", "python3")

_default:
    @just --list --unsorted

# Simulate what is missing of a pipeline
sweep pipeline="pipelines/erp_weights.toml" *options:
    cargo run --release -- run {{pipeline}} {{options}}

# Ask the tables of a folder in SQL
query folder *sql:
    cargo run --release -- query {{folder}} {{quote(sql)}}

# The program with everything optimised, with SQL, PNG and PDF (half an hour on two cores), its man pages and completions
release:
    cargo build --profile dist --features png-pdf
    target/dist/hnn-sweep man target/dist/man
    for shell in bash zsh fish; do target/dist/hnn-sweep completions $shell > target/dist/hnn-sweep.$shell; done

# All tests
test *options:
    cargo test --features png-pdf {{options}}

# The Python package's tests, in an environment with hnn_core==0.6.1, NEURON==8.2.7, joblib, pytest and maturin
test-python *options:
    {{oracle}} -m maturin develop --profile dev
    MPLBACKEND=agg {{oracle}} -m pytest -q {{options}}

# A wheel for Python 3.10 and newer, everything optimised, in target/wheels
wheel:
    {{oracle}} -m maturin build --profile dist

# hnn-core's own test suite, plain and on this solver, from a checkout of its v0.6.1
suite checkout *options:
    {{oracle}} scripts/hnn_core_suite.py {{checkout}} {{options}}

# CPU seconds of hnn-core's own calls from Python, plain and on this solver (install a wheel first)
compare-python *options:
    {{oracle}} scripts/compare_python.py {{options}}

# Kill sweeps some hundreds of times, and feed some thousand damaged files
soak kills="300" cases="3000":
    SOAK_KILLS={{kills}} cargo test --test crash_kill -- --ignored --nocapture
    FUZZ_CASES={{cases}} cargo test --test fuzz

# 100,000 stored tasks
scale:
    cargo test --release --test store_scale -- --ignored --nocapture

# What CI checks before the tests
check:
    cargo fmt --check
    cargo clippy --all-targets --no-default-features -- -D warnings
    cargo clippy --all-targets --features png-pdf -- -D warnings
    cargo clippy --lib --no-default-features --features python -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# Answer the questions of benches/
bench *options:
    cargo bench {{options}}

# Time against hnn-core, in turns: CPU seconds of whole processes
compare *options:
    cargo build --release
    {{oracle}} scripts/compare.py {{options}}

# Time of a 3x3 sweep against BatchSimulate, both with two jobs
compare-sweep *options:
    cargo build --release
    {{oracle}} scripts/compare_sweep.py {{options}}

# Time of a segment's step against Arbor's, with the same channels and without events
compare-arbor *options:
    cargo build --release
    {{arbor}} scripts/compare_arbor.py {{options}}

# Results against hnn-core, case by case: the parity table; and whether hnn-core reads the exports
parity *options:
    cargo build --release
    {{oracle}} scripts/parity.py {{options}}
    {{oracle}} scripts/check_exports.py

# The same for hnn-core's examples, assets and parameter files, in a checkout of its v0.6.1
parity-examples checkout *options:
    cargo build --release
    {{oracle}} scripts/parity_examples.py {{checkout}} {{options}}

# Make the committed references anew (about 8 minutes)
reference:
    cd tests/reference && for what in tables mechanisms geometry cells networks batch; do {{oracle}} -B make_$what.py || exit 1; done

# The pictures of docs/report.md (simulates 401 networks the first time; needs Chromium)
pictures folder="target/pictures":
    cargo build --release
    scripts/pictures.sh {{folder}}

# How fast the page of a sweep opens and filters, and the same for one of 110,000 simulations (needs node and Chromium)
report-speed page="target/pictures/report.html":
    mkdir -p target/browser && cp tests/browser/package.json tests/browser/speed.mjs target/browser/ && cd target/browser && npm install --silent
    SCALE_TEST_SIDE=332 SCALE_TEST_PAGE=$PWD/target/browser/large.html cargo test --release --test store_scale -- --ignored --nocapture
    node target/browser/speed.mjs {{page}}
    node target/browser/speed.mjs target/browser/large.html
