"""Polars and DuckDB read the tables in a loop beside runs, and every round has to succeed.

    python3 scripts/readers.py PROGRAM [--rounds 3000] [--runs 3] [--keep FOLDER]

Needs polars and duckdb. Each round reads `simulations`, `summary`, `dipole` and `spikes` as the README shows it, with both.
When a sweep has ended, it begins again in a new folder, with one run and with several in turn. The statistic of the mean over
trials replaces files of `summary` when all simulations are done.
"""

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import polars as pl

PIPELINE = """
name = "readers"
save_folder = "{folder}"
[network]
mesh_shape = [1, 1]
[simulation]
tstop = 20.0
n_trials = 2
[sweep]
batch_size = 20
[grid]
weight = {{ linspace = [0.001, 0.1, 1500] }}
[[drive]]
type = "evoked"
name = "evprox"
mu = 5.0
sigma = 1.0
numspikes = 1
location = "proximal"
weights_ampa = {{ L2_pyramidal = "weight", L5_pyramidal = "weight" }}
[output]
save_dpl = true
save_spiking = true
[[summary]]
name = "peak"
statistic = "max"
[[summary]]
name = "peak_of_mean"
statistic = "max"
trials = "mean"
"""
TABLES = ["simulations", "summary", "dipole", "spikes"]


def read(folder):
    """One round; gives the tables that were there, and the errors."""
    errors, there = [], 0
    for table in TABLES:
        if not any((folder / table).glob("*/*.parquet")):
            continue
        there += 1
        try:
            pl.scan_parquet(f"{folder}/{table}/", hive_partitioning=True).select(pl.len(), pl.col("sim").max()).collect()
        except Exception as error:  # noqa: BLE001
            errors.append(f"polars, {table}: {error}")
        try:
            files = f"read_parquet('{folder}/{table}/*/*.parquet', hive_partitioning = true)"
            duckdb.sql(f"SELECT count(*), max(sim) FROM {files}").fetchall()
        except Exception as error:  # noqa: BLE001
            errors.append(f"duckdb, {table}: {error}")
    return there, errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("--rounds", type=int, default=3000)
    parser.add_argument("--runs", type=int, default=3, help="runs at the same time, in every second sweep")
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    rounds, sweeps, errors, began = 0, 0, [], time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        for n in itertools.cycle([1, arguments.runs]):
            sweeps += 1
            folder = Path(place) / f"results_{sweeps}"
            pipeline = Path(place) / f"sweep_{sweeps}.toml"
            pipeline.write_text(PIPELINE.format(folder=folder))
            command = [program, "run", pipeline, "--quiet", "--jobs", "1"]
            runs = [subprocess.Popen(command) for _ in range(n)]
            while any(run.poll() is None for run in runs):
                there, found = read(folder)
                errors += found
                rounds += there > 0
            if any(run.wait() for run in runs):
                sys.exit("a run has failed")
            if rounds >= arguments.rounds:
                break
    for error in errors[:10]:
        print(error)
    print(f"{rounds} rounds beside {sweeps} sweeps in {time.monotonic() - began:.0f} s: {len(errors)} errors")
    sys.exit(bool(errors))


if __name__ == "__main__":
    main()
