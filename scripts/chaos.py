"""Does anything get lost, doubled or unreadable while many work on one folder, and some are killed?

    python scripts/chaos.py target/release/hnn-sweep [--minutes 5] [--seed 1]

Needs polars and duckdb. Four pipelines share a folder. Three or four runs at a time simulate them and end, are stopped or are
killed; meanwhile their grids change, `gc`, `compact`, `verify`, `status` and `export` come and go, and readers in polars and
DuckDB ask all tables again and again. In the end everything is run once more: `verify` must be clean, and the tables must hold
each simulation once, equal to that of a folder which one undisturbed run has made.
"""

import argparse
import random
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import duckdb
import polars as pl

PIPELINE = """
name = "{name}"
save_folder = "results"
[network]
model = "neymotin_2020"
mesh_shape = [{mesh}, {mesh}]
[simulation]
tstop = 25.0
n_trials = {trials}
[grid]
weight = {values}
[[drive]]
type = "evoked"
name = "evprox"
mu = {mu}
sigma = 3.0
numspikes = 1
location = "proximal"
weights_ampa = {{ L2_pyramidal = "weight", L5_pyramidal = "weight" }}
synaptic_delays = 0.1
[output]
save_dpl = true
save_spiking = true
[[summary]]
name = "peak"
statistic = "max"
"""
SWEEPS = {"one": (1, 1, 8.0), "two": (2, 1, 9.0), "three": (1, 3, 10.0), "four": (2, 2, 11.0)}
TABLES = ["simulations", "summary", "dipole", "spikes"]


def write(folder, name, values):
    mesh, trials, mu = SWEEPS[name]
    text = PIPELINE.format(name=name, mesh=mesh, trials=trials, mu=mu, values=sorted(values))
    aside = Path(folder, f"{name}.new")
    aside.write_text(text)
    aside.rename(Path(folder, f"{name}.toml"))


class Chaos:
    def __init__(self, program, folder, seed):
        self.program, self.folder, self.random = program, folder, random.Random(seed)
        self.ends = time.monotonic()
        self.counts, self.faults = {}, []
        self.lock = threading.Lock()
        self.values = {name: {k * 1e-4 for k in range(1, 21)} for name in SWEEPS}
        for name, values in self.values.items():
            write(folder, name, values)

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def fault(self, what):
        with self.lock:
            self.faults.append(what)
        print("FAULT:", what, flush=True)

    def command(self, *words):
        return subprocess.Popen([self.program, *words], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def runner(self, seed):
        draw = random.Random(seed)
        while time.monotonic() < self.ends:
            child = self.command("run", f"{draw.choice(list(SWEEPS))}.toml", "--jobs", "1", "--quiet")
            end = draw.choice(["ends", "stopped", "killed", "killed"])
            if end != "ends":
                time.sleep(draw.uniform(0.05, 2.0))
                child.send_signal(signal.SIGTERM if end == "stopped" else signal.SIGKILL)
            out, err = child.communicate()
            self.count(f"run {end}")
            if child.returncode not in {"ends": [0], "stopped": [0, 130], "killed": [0, -9]}[end]:
                self.fault(f"run that {end}: exit {child.returncode}: {err}")

    def visitor(self):
        draw = random.Random(self.random.random())
        verbs = {
            "verify": ["verify", "results"],
            "status": ["status", "results"],
            "gc": ["gc", "results", "--apply"],
            "compact": ["compact", "results"],
            "plan": ["plan", "one.toml"],
            "export": ["export", "plain", "results", "--sweep", "one", "--output", "export", "--overwrite"],
        }
        # Without results there is nothing to look at, which these verbs say.
        while not Path(self.folder, "results", "simulations").is_dir():
            time.sleep(0.01)
        while time.monotonic() < self.ends:
            if draw.random() < 0.3:
                name = draw.choice(list(SWEEPS))
                values = self.values[name]
                values ^= {draw.randrange(1, 60) * 1e-4 for _ in range(3)}
                write(self.folder, name, values | {1e-4})
                self.count("grids changed")
            verb = draw.choice(list(verbs))
            child = self.command(*verbs[verb])
            out, err = child.communicate()
            self.count(verb)
            # An export finds a sweep that was never finished, which is no fault.
            if child.returncode not in ([0, 1] if verb == "export" else [0]):
                self.fault(f"{verb}: exit {child.returncode}: {out}{err}")
            time.sleep(draw.uniform(0.1, 1.0))

    def reader(self, name, rows):
        while time.monotonic() < self.ends:
            for table in TABLES:
                if not Path(self.folder, "results", table).is_dir():
                    time.sleep(0.05)
                    continue
                try:
                    rows(table)
                    self.count(name)
                except BaseException as error:  # noqa: BLE001: whatever a reader meets; polars' panics are no Exceptions
                    self.again(name, table, rows, error)

    def again(self, name, table, rows, first):
        """A fault in any case; if a reader that asks again is answered, its file was replaced just then (docs/tables.md)."""
        try:
            rows(table)
            self.fault(f"{name} reading {table}, once: {first}")
        except BaseException as error:  # noqa: BLE001: as above
            self.fault(f"{name} reading {table}, twice: {first}; {error}")

    def go(self, minutes):
        self.ends = time.monotonic() + 60 * minutes
        results = Path(self.folder, "results")

        def with_polars(table):
            pl.scan_parquet(results / table, hive_partitioning=True).select(pl.len()).collect()
            pl.scan_parquet(results / table, hive_partitioning=True).collect()

        def with_duckdb(table):
            files = f"'{results}/{table}/*/*.parquet'"
            duckdb.connect().sql(f"SELECT * FROM read_parquet({files}, hive_partitioning = true)").fetchall()

        targets = [(self.runner, (self.random.random(),)) for _ in range(4)] + [
            (self.visitor, ()),
            (self.reader, ("reads by polars", with_polars)),
            (self.reader, ("reads by DuckDB", with_duckdb)),
        ]
        threads = [threading.Thread(target=target, args=arguments) for target, arguments in targets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def finish(self):
        for name in SWEEPS:
            child = self.command("run", f"{name}.toml", "--jobs", "2", "--quiet")
            _, err = child.communicate()
            if child.returncode != 0:
                self.fault(f"last run of {name}: exit {child.returncode}: {err}")
        child = self.command("verify", "results")
        out, err = child.communicate()
        if child.returncode != 0:
            self.fault(f"last verify: {out}{err}")


def rows_of(folder, name):
    """Everything that the tables hold of a sweep, by task."""
    results = Path(folder, "results")
    read = lambda table: pl.read_parquet(results / table, hive_partitioning=True)  # noqa: E731
    simulations = read("simulations").filter((pl.col("sweep") == name) & (pl.col("status") == "done"))
    rows = {}
    for sim, trial, key in simulations.select("sim", "trial", "key").iter_rows():
        assert key not in rows, f"{name}: {key} stands twice"
        rows[key] = (sim, trial)
    dipole = {pair: part for pair, part in read("dipole").group_by("sim", "trial")}
    spikes = {pair: part for pair, part in read("spikes").group_by("sim", "trial")}
    what = lambda parts, pair: parts[pair].drop("sim", "trial", "batch").rows() if pair in parts else []  # noqa: E731
    return {key: (what(dipole, pair), what(spikes, pair)) for key, pair in rows.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    program = str(Path(arguments.program).resolve())
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as quiet:
        chaos = Chaos(program, folder, arguments.seed)
        chaos.go(arguments.minutes)
        chaos.finish()
        undisturbed = Chaos(program, quiet, arguments.seed)
        for name in SWEEPS:
            Path(quiet, f"{name}.toml").write_text(Path(folder, f"{name}.toml").read_text())
        undisturbed.finish()
        for name in SWEEPS:
            ours, theirs = rows_of(folder, name), rows_of(quiet, name)
            lost = [key for key in theirs if key not in ours]
            different = [key for key in theirs if key in ours and ours[key] != theirs[key]]
            if lost or different:
                chaos.fault(f"{name}: {len(lost)} lost, {len(different)} different")
        for what, n in sorted(chaos.counts.items()):
            print(f"{n:6} {what}")
        faults = chaos.faults + undisturbed.faults
        print(f"{len(faults)} faults")
        raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
