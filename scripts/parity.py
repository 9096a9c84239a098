"""Does this program give what hnn-core gives? Runs both on the same networks and prints one line per case.

    python scripts/parity.py [names] [--fresh | --written] [--binary PATH] [--markdown FILE]

Without --fresh this program builds each network from a pipeline file and is compared with the references in tests/reference (needs an
interpreter with pyarrow). With --fresh the original (hnn_core==0.6.1, NEURON==8.2.7, joblib) is run anew, writes the network to a file, this
program runs that file, and every sample is compared. With --written it is the other way round: `hnn-sweep network MODEL|FILE -o net.json` writes the
network file, and the original reads and simulates it. parity_examples.py does the same for hnn-core's own examples.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import ROOT, binary, pipeline, put_section, table

from cases import CASES, MORE

REFERENCES = ROOT / "tests" / "reference"
FOLDER = {case["name"]: "networks" for case in CASES} | {case["name"]: "more" for case in MORE}
LIMIT = 1e-9
KINDS = ["dipole", "lfp", "vsec", "isec", "ca"]
HEADER = ["| case | spikes | equal, bit for bit | times | dipole | LFP | voltage | current | calcium |", "|---|---|---|---|---|---|---|---|---|"]
# Networks that this program writes: what `hnn-sweep network` is given, and a case whose network the original writes for it.
WRITTEN = {
    "neymotin_2020, ERP": ["neymotin_2020", "--mesh-shape", "3,3", "--erp"],
    "law_2021, ERP": ["law_2021", "--mesh-shape", "3,3", "--erp"],
    "calcium, ERP": ["calcium", "--mesh-shape", "2,3", "--erp"],
    "temperature_3x3": "temperature_3x3",
    "distance_3x3": "distance_3x3",
}


def flat(traces, path=()):
    """Nested dictionaries and lists of traces as {path: trace}."""
    if isinstance(traces, dict):
        items = traces.items()
    elif traces and isinstance(traces[0], list):
        items = enumerate(traces)
    else:
        return {path: traces}
    return {key: trace for name, inner in items for key, trace in flat(inner, (*path, str(name))).items()}


def committed(case):
    """Trials as make_networks.py kept them: some samples of some traces, and the range of the dipole."""
    trials = json.loads((REFERENCES / FOLDER[case["name"]] / f"{case['name']}.json").read_text())["trials"]
    return [
        {
            **t,
            "spikes": list(zip(t["spikes"]["time"], t["spikes"]["gid"])),
            "range": {(layer,): e["max"] - e["min"] for layer, e in t["extremes"].items()},
        }
        for t in trials
    ]


def original(case, network_file):
    """Trials of the original, simulated now; all samples of all traces."""
    from cases import build
    from common import simulate

    net = build(case)
    net.write_configuration(str(network_file))
    dipoles = simulate(net, case["tstop"], case["dt"], case["n_trials"], **case.get("records", {}))
    return trials_of(net, dipoles, case.get("records", {}))


def written(name, program, network_file):
    """A case whose network file this program has written, and its trials as the original simulates that file."""
    from cases import build, case
    from common import simulate
    from hnn_core import read_network_configuration

    source = WRITTEN[name]
    if isinstance(source, str):
        build(next(c for c in MORE if c["name"] == source)).write_configuration(f"{network_file}.original")
        source = [f"{network_file}.original"]
    done = subprocess.run([program, "network", *source, "-o", str(network_file)], capture_output=True, text=True)
    if done.returncode or "differently" in done.stdout:
        sys.exit(f"hnn-sweep network {' '.join(source)}:\n{done.stdout}{done.stderr}")
    net = read_network_configuration(str(network_file))
    run = case(name, "", (3, 3), tstop=120.0, n_trials=2)
    return run, trials_of(net, simulate(net, run["tstop"], run["dt"], run["n_trials"]), {})


def trials_of(net, dipoles, records):
    """Trials of a network that the original has simulated: spikes, and all samples of all traces."""
    response = net.cell_response
    recorded = {name: getattr(response, name) for name in ("vsec", "isec", "ca") if f"record_{name}" in records}
    return [
        {
            "spikes": [(t, int(g)) for t, g in zip(response.spike_times[k], response.spike_gids[k])],
            "n_samples": len(response.times),
            "last_time": float(response.times[-1]),
            "samples": range(len(response.times)),
            "dipole": {layer: list(map(float, values)) for layer, values in dipole.data.items()},
            "lfp": {name: [list(map(float, contact)) for contact in array.voltages[k]] for name, array in net.rec_arrays.items()},
            **{name: {gid: traces for gid, traces in values[k].items() if traces} for name, values in recorded.items()},
            "range": {},
        }
        for k, dipole in enumerate(dipoles)
    ]


def ours(case, program, network=None):
    """Trials of this program, as its tables give them; of another table `[network]`, if there is one."""
    with tempfile.TemporaryDirectory() as folder:
        path, results = Path(folder) / "pipeline.toml", Path(folder) / "results"
        path.write_text(pipeline(case, results, network))
        done = subprocess.run([program, "run", str(path), "--quiet"], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{case['name']}: hnn-sweep ended with {done.returncode}\n{path.read_text()}\n{done.stdout}{done.stderr}")
        rows = {p.name: table(results, p.name).to_pylist() for p in results.iterdir() if p.name[0] != "." and p.name not in ("simulations", "summary")}
    trials = [{kind: {} for kind in KINDS} | {"spikes": [], "times": []} for _ in range(case["n_trials"])]
    for row in rows["spikes"]:
        trials[row["trial"]]["spikes"].append((row["time"], row["gid"]))
    for row in rows["dipole"]:
        trials[row["trial"]]["times"].append(row["time"])
        for layer in ("agg", "L2", "L5"):
            trials[row["trial"]]["dipole"].setdefault((layer,), []).append(row[layer])
    for row in rows.get("lfp", []):
        key = (row["array"], str(row["contact"]))
        trials[row["trial"]]["lfp"].setdefault(key, []).append(row["potential"])
    for name, kind in (("voltages", "vsec"), ("currents", "isec"), ("calcium", "ca")):
        for row in rows.get(name, []):
            key = (str(row["gid"]), row["section"])
            if kind == "isec":
                key += (f"{row['section']}_{row['receptor']}",)
            trials[row["trial"]][kind][key] = row["values"]
    return trials


def compare(expected, found):
    """What differs in the spikes, if anything, the worst error of each kind of trace relative to its range, whether times agree."""
    first = next((f"no. {i}: {b} for {a}" for i, (a, b) in enumerate(zip(expected["spikes"], found["spikes"])) if a != b), None)
    if first is None and len(expected["spikes"]) != len(found["spikes"]):
        first = f"{len(found['spikes'])} spikes"
    worst = {}
    for kind in KINDS:
        for key, values in flat(expected.get(kind, {})).items():
            scale = expected["range"].get(key) if kind == "dipole" else None
            scale = scale or max(values) - min(values) or 1.0
            trace = found[kind].get(key, [])
            errors = [abs(trace[k] - value) / scale if k < len(trace) else float("inf") for k, value in zip(expected["samples"], values)]
            if max(errors) > worst.get(kind, (-1.0, ""))[0]:
                at = expected["samples"][errors.index(max(errors))]
                worst[kind] = max(errors), f"{kind} {' '.join(key)} at sample {at}"
    times = len(found["times"]) == expected["n_samples"] and found["times"][-1] == expected["last_time"]
    return first, worst, times


def agree(results):
    """Whether nothing that `compare` found is beyond the limit."""
    return all(not first and times and all(error <= LIMIT for error, _ in worst.values()) for first, worst, times in results)


class Table:
    """The lines of a comparison, printed as they come."""

    def __init__(self):
        self.lines, self.failed, self.spikes, self.simulations = list(HEADER), 0, 0, 0
        print("\n".join(self.lines), flush=True)

    def add(self, name, expected, found):
        """A line for the trials of a case."""
        self.line(name, [len(t["spikes"]) for t in expected], [compare(a, b) for a, b in zip(expected, found, strict=True)])

    def line(self, name, counts, results):
        """A line for numbers of spikes and what `compare` gave."""
        first = next((f"trial {k}, {r[0]}" for k, r in enumerate(results) if r[0]), None)
        worst = [max((r[1][kind] for r in results if kind in r[1]), default=None) for kind in KINDS]
        beyond = [w for w in worst if w and not w[0] <= LIMIT]
        times = all(r[2] for r in results)
        self.failed += not agree(results)
        self.spikes += sum(counts)
        self.simulations += len(counts)
        spikes = " + ".join(map(str, counts)) if len(counts) < 7 else f"{sum(counts)} in {len(counts)} simulations"
        cells = [name, spikes, first or "all", "equal" if times else "DIFFER"]
        self.lines.append("| " + " | ".join(cells + [f"{w[0]:.1e}" if w else "" for w in worst]) + " |")
        print(self.lines[-1], *(f"  beyond {LIMIT:g}: {error:.1e} in {where}" for error, where in beyond), sep="\n", flush=True)

    def finish(self, markdown, heading, more=""):
        """Says what came out, puts the table into the document `markdown` if that is named, and ends the program."""
        n = len(self.lines) - len(HEADER)
        total = f"{n} cases, {self.simulations} simulations, {self.spikes} spikes; errors are the worst, relative to the trace's range"
        print(f"{total}; {self.failed} cases beyond {LIMIT:g} or with other spikes")
        if markdown:
            put_section(Path(markdown), heading, [*self.lines, "", ". ".join(filter(None, (total, more))) + "."])
        sys.exit(1 if self.failed else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="cases; all if none is named")
    parser.add_argument("--fresh", action="store_true", help="run the original now and compare every sample")
    parser.add_argument("--written", action="store_true", help="let the original read what this program writes")
    parser.add_argument("--binary")
    parser.add_argument("--markdown", help="also put the table into this document, in place of its section")
    arguments = parser.parse_args()
    names = list(WRITTEN if arguments.written else FOLDER)
    unknown = set(arguments.names) - set(names)
    if unknown:
        sys.exit(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    program = binary(arguments.binary)
    result = Table()
    for case in names if arguments.written else CASES + MORE:
        name = case if arguments.written else case["name"]
        if arguments.names and name not in arguments.names:
            continue
        if not (arguments.fresh or arguments.written) and case.get("set"):
            continue  # changed cells and connections come by network file
        with tempfile.TemporaryDirectory() as folder:
            network_file = Path(folder) / "network.json"
            if arguments.written:
                case, expected = written(name, program, network_file)
            else:
                expected = original(case, network_file) if arguments.fresh else committed(case)
            result.add(name, expected, ours(case, program, {"file": str(network_file)} if network_file.exists() else None))
    what = "Files that this program writes and the original reads" if arguments.written else "The same network files, run by both"
    result.finish(arguments.markdown, what if arguments.fresh or arguments.written else "References")


if __name__ == "__main__":
    main()
