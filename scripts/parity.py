"""Does this program give what hnn-core gives? Runs both on the same networks and prints one line per case.

    python scripts/parity.py [names] [--fresh] [--binary PATH] [--markdown FILE]

Needs an interpreter with pyarrow; with --fresh also with hnn_core==0.6.1, NEURON==8.2.7 and joblib, and then the original is run
anew and every sample is compared. Without it, what is compared with are the references in tests/reference/networks.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import ROOT, binary, pipeline, table

from cases import CASES

REFERENCES = ROOT / "tests" / "reference" / "networks"


def committed(case):
    """Trials as make_networks.py kept them."""
    trials = json.loads((REFERENCES / f"{case['name']}.json").read_text())["trials"]
    return [
        {
            "spikes": list(zip(t["spikes"]["time"], t["spikes"]["gid"])),
            "samples": t["samples"],
            "dipole": t["dipole"],
            "range": {k: e["max"] - e["min"] for k, e in t["extremes"].items()},
            "n_samples": t["n_samples"],
            "last_time": t["last_time"],
        }
        for t in trials
    ]


def original(case):
    """Trials of the original, simulated now."""
    from cases import build
    from common import simulate

    net = build(case)
    dipoles = simulate(net, case["tstop"], case["dt"], case["n_trials"])
    response = net.cell_response
    trials = []
    for k, dipole in enumerate(dipoles):
        n = len(response.times)
        trials.append({
            "spikes": [(t, int(g)) for t, g in zip(response.spike_times[k], response.spike_gids[k])],
            "samples": list(range(n)),
            "dipole": {layer: list(map(float, values)) for layer, values in dipole.data.items()},
            "range": {layer: float(values.max() - values.min()) for layer, values in dipole.data.items()},
            "n_samples": n,
            "last_time": float(response.times[-1]),
        })
    return trials


def ours(case, program):
    """Trials of this program, as its tables give them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.toml"
        results = Path(folder) / "results"
        path.write_text(pipeline(case, results, {"save_dpl": True, "save_spiking": True}))
        done = subprocess.run([program, "run", str(path)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{case['name']}: hnn-sweep ended with {done.returncode}\n{path.read_text()}\n{done.stdout}{done.stderr}")
        dipole, spikes = (table(results, name).to_pydict() for name in ("dipole", "spikes"))
    trials = []
    for k in range(case["n_trials"]):
        rows = [i for i, trial in enumerate(dipole["trial"]) if trial == k]
        trials.append({
            "spikes": [(t, g) for t, g, trial in zip(spikes["time"], spikes["gid"], spikes["trial"]) if trial == k],
            "dipole": {layer: [dipole[layer][i] for i in rows] for layer in ("agg", "L2", "L5")},
            "times": [dipole["time"][i] for i in rows],
        })
    return trials


def compare(expected, found):
    """(spikes of the original, first difference or None, worst dipole error relative to peak-to-peak, times agree)."""
    first = next((f"no. {i}: {b} for {a}" for i, (a, b) in enumerate(zip(expected["spikes"], found["spikes"])) if a != b), None)
    if first is None and len(expected["spikes"]) != len(found["spikes"]):
        first = f"{len(found['spikes'])} spikes"
    worst = 0.0
    for layer, values in expected["dipole"].items():
        scale = expected["range"][layer] or 1.0
        for k, value in zip(expected["samples"], values):
            got = found["dipole"][layer][k] if k < len(found["dipole"][layer]) else float("nan")
            error = abs(got - value) / scale
            worst = max(worst, error if error == error else float("inf"))
    times = len(found["times"]) == expected["n_samples"] and found["times"][-1] == expected["last_time"]
    return len(expected["spikes"]), first, worst, times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="cases; all if none is named")
    parser.add_argument("--fresh", action="store_true", help="run the original now and compare every sample")
    parser.add_argument("--binary")
    parser.add_argument("--markdown", help="also write the table to this file")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {case["name"] for case in CASES}
    if unknown:
        sys.exit(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(case['name'] for case in CASES)}")
    program = binary(arguments.binary)
    lines = ["| case | spikes | equal, bit for bit | dipole, worst error / peak-to-peak | times |", "|---|---|---|---|---|"]
    print("\n".join(lines))
    failed = 0
    for case in CASES:
        if arguments.names and case["name"] not in arguments.names:
            continue
        expected = original(case) if arguments.fresh else committed(case)
        results = [compare(a, b) for a, b in zip(expected, ours(case, program), strict=True)]
        first = next((f"trial {k}, {r[1]}" for k, r in enumerate(results) if r[1]), None)
        worst = max(r[2] for r in results)
        times = all(r[3] for r in results)
        failed += bool(first) or worst > 1e-9 or not times
        lines.append(
            f"| {case['name']} | {' + '.join(str(r[0]) for r in results)} | {first or 'all'} | {worst:.1e} | {'equal' if times else 'DIFFER'} |"
        )
        print(lines[-1], flush=True)
    if arguments.markdown:
        Path(arguments.markdown).write_text("\n".join(lines) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
