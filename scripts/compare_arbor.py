"""What does a segment's time step cost in Arbor, and what here? The same cells and channels, without any events.

    python scripts/compare_arbor.py [--rounds 3] [--duration 100] [--march native] [--groups 1,10,all] [--binary PATH]

needs Arbor, CMake and a C++ compiler (`pip install arbor cmake`; written for 0.12.2). The cells are those of the 10x10 network of
neymotin_2020 without its connections, 100 pyramidal and 35 basket cells of each layer; one core, dt 0.025 ms.

- Arbor: CPU time of `simulation.run`, after a warm-up, for each type of cell. Its channels are those of scripts/arbor, built by
  `arbor-build-catalogue` with explicit vector instructions for this processor; Arbor itself is as its wheel was compiled.
- hnn-sweep: CPU time of a run of 100 ms + 5 durations less that of a run of 100 ms: setting up cancels, dipoles do not.

The table has nanoseconds per segment and step. Both have the same segments, gates, calcium pool and currents, but
- Arbor has no lookup tables: it evaluates the rates of src/solver/mechanisms at every step;
- Arbor's gates are updated with a quotient for the exponential (cnexp), hnn-sweep's are accurate to the last bits;
- hnn-sweep sums up dipole moments and writes them; both look for spikes;
- of a parameter that varies along a section (gbar of ar) Arbor has the mean.
Arbor takes cells in groups of a size of one's choice; several are tried and the fastest counts.

Potentials at rest and spikes in response to a current into the soma show that the cells are alive. A bias of hnn-sweep gives as many
spikes: 18, 7, 18 and 8, the first six of each less than 1 ms from Arbor's.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import arbor
import numpy as np
from arbor import units as U
from tools import ROOT, binary, cpu_of, pipeline

DT = 0.025  # ms
WARM_UP = 20.0  # ms
STEP = (100.0, 200.0)  # ms: when the current step begins, how long it is
AMPLITUDE = {"L2_basket": 0.5, "L5_basket": 0.5, "L2_pyramidal": 1.0, "L5_pyramidal": 1.5}  # nA


def build_catalogue(folder, march):
    """The channels of scripts/arbor, compiled for an instruction set."""
    compiler = Path(folder) / "c++"  # the catalogue's own flags name the wheel's instruction set; the last one counts
    compiler.write_text(f'#!/bin/sh\nexec {os.environ.get("CXX", "c++")} "$@" -march={march}\n')
    compiler.chmod(0o755)
    script = Path(arbor.__file__).parent / "bin" / "arbor-build-catalogue"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # cmake of the same environment
    command = [sys.executable, script, "hnn", ROOT / "scripts" / "arbor", "--cpu", "True", "--cxx", compiler]
    done = subprocess.run(command, cwd=folder, env=dict(os.environ, PATH=path), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the catalogue cannot be built:\n{done.stdout}\n{done.stderr}")
    return arbor.load_catalogue(str(Path(folder) / "hnn-catalogue.so"))


def mean(value):
    """A parameter of a mechanism: a number, or `[positions, values]`."""
    return float(np.mean(value[1])) if isinstance(value, list) else float(value)


def cable_cell(template, clamp=None):
    """Arbor's cell of a cell type of a network file, maybe with a current (nA) into the soma."""
    sections = template["sections"]
    children = template["cell_tree"] or {}
    tree, decor, policy = arbor.segment_tree(), arbor.decor(), None
    todo = [("soma", arbor.mnpos, 0.0)]
    tag = 0
    while todo:
        name, parent, x = todo.pop()
        section = sections[name]
        radius, end = section["diam"] / 2, x + section["L"]
        tag += 1
        segment = tree.append(parent, arbor.mpoint(x, 0, 0, radius), arbor.mpoint(end, 0, 0, radius), tag=tag)
        for key, at, where in ((f"{name},0", parent, x), (f"{name},1", segment, end)):
            for child in children.get(key, []):
                if child != f"{name},1":
                    todo.append((child.split(",")[0], at, where))
        region = f"(tag {tag})"
        decor.paint(region, Vm=section["v0"] * U.mV, cm=section["cm"] * 0.01 * U.F / U.m2, rL=section["Ra"] * U.Ohm * U.cm)
        for mechanism, values in section["mechs"].items():
            values = {key.removesuffix(f"_{mechanism}"): mean(value) for key, value in values.items()}
            decor.paint(region, arbor.density(mechanism, values))
        cvs = arbor.cv_policy_fixed_per_branch(section["nseg"], region)
        policy = policy | cvs if policy else cvs
    if any("cad" in section["mechs"] for section in sections.values()):
        decor.set_ion("ca", int_con=1e-4 * U.mM, ext_con=2 * U.mM, method=arbor.mechanism("eca"))
    middle = "(on-components 0.5 (tag 1))"
    decor.place(middle, arbor.threshold_detector(0 * U.mV), "soma")
    if clamp:
        begin, duration = STEP
        decor.place(middle, arbor.i_clamp(begin * U.ms, duration * U.ms, clamp * U.nA))
    return arbor.cable_cell(tree, decor, discretization=policy)


class Cells(arbor.recipe):
    """Cells of one type, without connections."""

    def __init__(self, catalogue, celsius, cell, n):
        super().__init__()
        self.cell, self.n = cell, n
        self.properties = arbor.neuron_cable_properties()
        self.properties.catalogue = catalogue
        self.properties.set_property(tempK=(celsius + 273.15) * U.Kelvin)
        self.properties.set_ion("na", rev_pot=50 * U.mV)
        self.properties.set_ion("k", rev_pot=-77 * U.mV)

    def num_cells(self):
        return self.n

    def cell_kind(self, gid):
        return arbor.cell_kind.cable

    def cell_description(self, gid):
        return self.cell

    def global_properties(self, kind):
        return self.properties

    def probes(self, gid):
        return [arbor.cable_probe_membrane_voltage("(on-components 0.5 (tag 1))", "v")]


def simulation(recipe, group):
    """The cells on one thread, so many in a group."""
    context = arbor.context(threads=1)
    hint = arbor.partition_hint(cpu_group_size=recipe.n if group == "all" else int(group))
    domains = arbor.partition_load_balance(recipe, context, {arbor.cell_kind.cable: hint})
    return arbor.simulation(recipe, context, domains)


def is_alive(recipe):
    """(potential (mV) before the current step, number of spikes in it) of one cell."""
    sim = simulation(recipe, 1)
    handle = sim.sample((0, "v"), arbor.regular_schedule(DT * U.ms))
    sim.run(sum(STEP) * U.ms, DT * U.ms)
    t, v = sim.samples(handle)[0][0].T
    return v[t < STEP[0]][-1], np.count_nonzero((v[1:] > 0) & (v[:-1] <= 0))


def arbor_ns(sim, until, segments, duration):
    """Nanoseconds per segment and step of a simulation that stands at `until` (ms)."""
    start = time.process_time()
    sim.run((until + duration) * U.ms, DT * U.ms)
    return (time.process_time() - start) * 1e9 / (segments * duration / DT)


def our_ns(program, segments, duration):
    """The same of hnn-sweep, from two runs of different length."""
    network = {"model": "neymotin_2020", "mesh_shape": [10, 10], "clear_connectivity": True}
    seconds = []
    for tstop in (100.0, 100.0 + duration):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pipeline.toml"
            path.write_text(pipeline({"tstop": tstop, "dt": DT, "n_trials": 1}, Path(folder) / "results", network))
            seconds.append(cpu_of([program, "run", str(path), "--jobs", "1"])[0])
    return (seconds[1] - seconds[0]) * 1e9 / (segments * duration / DT)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of measurements, both programs in each")
    parser.add_argument("--duration", type=float, default=100.0, help="simulated ms of a measurement; five times as many here")
    parser.add_argument("--march", default="native", help="instruction set of Arbor's channels, as the compiler calls it")
    parser.add_argument("--groups", default="1,10,all", help="cells in a group of Arbor; the fastest counts")
    parser.add_argument("--binary")
    arguments = parser.parse_args()
    program = binary(arguments.binary)
    with tempfile.TemporaryDirectory() as folder:
        catalogue = build_catalogue(folder, arguments.march)
        path = Path(folder) / "net.json"
        subprocess.run([program, "network", "neymotin_2020", "-o", path], check=True, stdout=subprocess.DEVNULL)
        network = json.loads(path.read_text())
    counts, segments, sims = {}, {}, {}
    print(f"neymotin_2020, 10x10 network without connections, dt {DT}, one core; Arbor {arbor.__version__}, channels for {arguments.march}")
    print("  n cells          segments   CVs of a cell   mV at rest   spikes")
    for name, template in network["cell_types"].items():
        template = template["cell_object"]
        gids = network["gid_ranges"][name]
        counts[name] = gids["stop"] - gids["start"]
        segments[name] = counts[name] * sum(section["nseg"] for section in template["sections"].values())
        cell, amplitude = cable_cell(template), AMPLITUDE[name]
        rest, spikes = is_alive(Cells(catalogue, network["celsius"], cable_cell(template, amplitude), 1))
        cvs = arbor.cv_data(cell).num_cv
        print(f"{counts[name]:3} {name:13} {segments[name]:9}   {cvs:13}   {rest:10.2f}   {spikes:6} ({amplitude} nA, {STEP[1]:g} ms)")
        recipe = Cells(catalogue, network["celsius"], cell, counts[name])
        sims[name] = {group: simulation(recipe, group) for group in arguments.groups.split(",")}
        for sim in sims[name].values():
            sim.run(WARM_UP * U.ms, DT * U.ms)
    total = sum(segments.values())
    theirs, ours = {name: {group: [] for group in groups} for name, groups in sims.items()}, []
    for turn in range(arguments.rounds):
        for name, groups in sims.items():
            for group, sim in groups.items():
                until = WARM_UP + turn * arguments.duration
                theirs[name][group].append(arbor_ns(sim, until, segments[name], arguments.duration))
        ours.append(our_ns(program, total, 5 * arguments.duration))
    print("\nns per segment and step  " + "".join(f"{f'round {turn + 1}':>9}" for turn in range(arguments.rounds)) + "   median")
    sums = [0.0] * arguments.rounds
    for name, groups in theirs.items():
        best = min(groups, key=lambda group: statistics.median(groups[group]))
        sums = [x + y * segments[name] / total for x, y in zip(sums, groups[best])]
        print_row(f"Arbor, {name}", groups[best], f"(in groups of {best})")
        for group in groups:
            if group != best:
                print_row("", groups[group], f"(in groups of {group})")
    print_row("Arbor, all", sums)
    print_row("hnn-sweep, all", ours)
    print_row("ratio", [x / y for x, y in zip(sums, ours)])


def print_row(label, values, remark=""):
    print(f"{label:25}" + "".join(f"{x:9.2f}" for x in values) + f"{statistics.median(values):9.2f}   {remark}".rstrip())


if __name__ == "__main__":
    main()
