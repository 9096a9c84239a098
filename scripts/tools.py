"""What the comparisons share: the program, pipeline files, its tables, and CPU time of child processes."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "reference"))


def binary(argument=None):
    """Path of the hnn-sweep binary: the argument, $HNN_SWEEP, or the release build of this repository."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    path = Path(argument or os.environ.get("HNN_SWEEP") or target / "release" / "hnn-sweep")
    if not path.is_file():
        sys.exit(f"{path}: no such program; build it with `cargo build --release`, or name it with --binary")
    return str(path)


def cpu_of(command, **options):
    """(CPU seconds of the command with its children, wall seconds). Its output is shown if it fails."""
    with tempfile.TemporaryFile("w+") as log:
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **options)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - start
        if child.returncode:
            log.seek(0)
            sys.exit(f"{' '.join(map(str, command))} ended with {child.returncode}:\n{log.read()}")
    return usage.ru_utime + usage.ru_stime, wall


def toml(value):
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value + '"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    return repr(value)


def pipeline(case, save_folder, output):
    """A pipeline file for a case of tests/reference/cases.py."""
    lines = [
        'name = "parity"',
        f"save_folder = {toml(str(save_folder))}",
        "",
        "[network]",
        f"model = {toml(case['model'])}",
        f"mesh_shape = {toml(case['mesh_shape'])}",
        "",
        "[simulation]",
        f"tstop = {toml(float(case['tstop']))}",
        f"dt = {toml(float(case['dt']))}",
        f"n_trials = {toml(case['n_trials'])}",
    ]
    drives = ([{"type": "erp"}] if case["erp"] else []) + case["drives"]
    for drive in drives:
        lines += ["", "[[drive]]"] + [f"{key} = {toml(value)}" for key, value in drive.items()]
    lines += ["", "[output]"] + [f"{key} = {toml(value)}" for key, value in output.items()]
    return "\n".join(lines) + "\n"


def table(folder, name):
    """A table of a save folder as a pyarrow table."""
    import pyarrow.dataset

    return pyarrow.dataset.dataset(Path(folder) / name, format="parquet", partitioning="hive").to_table()
