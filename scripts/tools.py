"""What the comparisons share: the program, pipeline files, its tables, and CPU time of child processes."""

import json
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


def pipeline(case, save_folder, network=None):
    """A pipeline file for a case of tests/reference/cases.py; of another table `[network]`, if there is one."""
    records = case.get("records", {})
    output = {
        "save_dpl": True,
        "save_spiking": True,
        "save_lfp": bool(case.get("electrodes")),
        "save_voltages": "record_vsec" in records,
        "save_currents": "record_isec" in records,
        "save_calcium": "record_ca" in records,
        **records,
        "trace_precision": "float64",
    }
    as_written = network is None
    if as_written:
        network = {"model": case["model"], "mesh_shape": case["mesh_shape"]}
        if case.get("params"):
            network["params"] = str(Path(save_folder).with_name("params.json"))
            Path(network["params"]).write_text(json.dumps(case["params"]))
    simulation = {"tstop": float(case["tstop"]), "dt": float(case["dt"]), "n_trials": case["n_trials"]}
    tables = [("[network]", network), ("[simulation]", simulation), ("[output]", output)]
    if as_written:
        tables += [("[[drive]]", {"type": "erp"})] * case["erp"]
        tables += [("[[drive]]", drive) for drive in case["drives"]]
        tables += [("[[bias]]", bias) for bias in case.get("biases", [])]
        tables += [("[[electrode_array]]", {"name": name, **array}) for name, array in case.get("electrodes", {}).items()]
    lines = ['name = "parity"', f"save_folder = {toml(str(save_folder))}"]
    for header, entries in tables:
        lines += ["", header] + [f"{key} = {toml(value)}" for key, value in entries.items()]
    return "\n".join(lines) + "\n"


def table(folder, name):
    """A table of a save folder as a pyarrow table."""
    import pyarrow.dataset

    return pyarrow.dataset.dataset(Path(folder) / name, format="parquet", partitioning="hive").to_table()


def put_section(path, heading, lines):
    """Puts `lines` under `## heading` of a document, in place of what was there, or at its end."""
    text = path.read_text() if path.is_file() else ""
    head, found, rest = text.partition(f"## {heading}\n")
    _, next_heading, rest = rest.partition("\n## ")
    body = f"## {heading}\n\n" + "\n".join(lines) + "\n"
    path.write_text((head if found else text.rstrip("\n") + "\n\n" if text else "") + body + next_heading + rest)
