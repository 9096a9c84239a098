"""Does this program give what hnn-core gives for networks that nobody thought of? Random networks, drawn from seeds, run by both.

    python scripts/parity_random.py FIRST LAST [--binary PATH] [--markdown FILE]

Each seed gives a model and a mesh, changed cells (lengths, diameters, capacities, kinetics, channels), other distances, temperature, thresholds and gains, added
and removed connections, up to four drives of all kinds with random arguments, tonic biases on any section, an electrode array, recordings, dt and duration. The original writes
the network file and simulates, this program runs the file, and every sample is compared. A seed that differs gets a line of its own and can be run again alone. Needs what
parity.py --fresh needs.
"""

import argparse
import io
import random
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from parity import Table, agree, compare, ours, trials_of
from tools import binary

from common import simulate

TYPES = ["L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal"]


def change_cells(net, draw):
    """Changes some sections, synapses and channels."""
    for _ in range(draw.randint(0, 6)):
        cell = net.cell_types[draw.choice(TYPES)]["cell_object"]
        name = draw.choice(list(cell.sections))
        section = cell.sections[name]
        what = draw.choice(["L", "diam", "Ra", "cm", "v0", "channel", "synapse", "new channel"])
        if what in ("L", "diam"):
            cell.modify_section(name, **{what: getattr(section, what) * draw.uniform(0.6, 1.6)})
        elif what == "Ra":
            cell.modify_section(name, Ra=draw.uniform(80.0, 250.0))
        elif what == "cm":
            cell.modify_section(name, cm=draw.uniform(0.6, 1.2))
        elif what == "v0":
            section._v0 = draw.uniform(-75.0, -60.0)
        elif what == "synapse":
            synapse = cell.synapses[draw.choice(list(cell.synapses))]
            synapse[draw.choice(["tau1", "tau2", "e"])] *= draw.uniform(0.5, 1.5)
        elif what == "new channel":
            section.mechs.setdefault("km", {"gbar_km": 20.0})
        else:
            numbers = [(m, p) for m, values in section.mechs.items() for p, v in values.items() if isinstance(v, (int, float))]
            if numbers:
                mechanism, parameter = draw.choice(numbers)
                section.mechs[mechanism][parameter] *= draw.uniform(0.8, 1.2)


def has(net, cell_type, location, receptor):
    """Whether all sections of a location have a synapse."""
    cell = net.cell_types[cell_type]["cell_object"]
    names = cell.sect_loc.get(location, [location])
    return bool(names) and all(name in cell.sections and receptor in cell.sections[name].syns for name in names)


def add_connections(net, draw):
    for _ in range(draw.randint(0, 3)):
        source, target = draw.choice(TYPES), draw.choice(TYPES)
        location, receptor = draw.choice(["soma", "proximal", "distal", "apical_tuft", "basal_2"]), draw.choice(["ampa", "nmda", "gabaa", "gabab"])
        if has(net, target, location, receptor):
            net.add_connection(source, target, location, receptor, draw.uniform(1e-4, 5e-3), draw.choice([0.0, 0.1, 1.0, 2.3]), draw.uniform(2.0, 50.0),
                               threshold=draw.choice([None, -5.0]), gain=draw.choice([1.0, 0.5]), probability=draw.choice([1.0, 1.0, 0.5]),
                               conn_seed=draw.randint(0, 99), allow_autapses=draw.random() < 0.5)
    if draw.random() < 0.2:
        del net.connectivity[draw.randrange(len(net.connectivity))]


def add_drive(net, draw, name):
    kind = draw.choice(["evoked", "evoked", "poisson", "bursty", "spike_train"])
    location = draw.choice(["proximal", "proximal", "distal", "apical_tuft", "soma"])
    targets = [t for t in TYPES if has(net, t, location, "ampa")]
    targets = draw.sample(targets, draw.randint(1, len(targets)))
    nmda = [t for t in targets if has(net, t, location, "nmda") and draw.random() < 0.5]
    specific = draw.random() < 0.5
    arguments = {
        "location": location,
        "weights_ampa": {t: 10 ** draw.uniform(-4.0, -1.2) for t in targets},
        "weights_nmda": {t: 10 ** draw.uniform(-4.0, -2.0) for t in nmda} or None,
        "synaptic_delays": draw.choice([0.1, {t: draw.uniform(0.0, 3.0) for t in targets}]),
        "space_constant": draw.choice([3.0, 10.0, 100.0]),
        "probability": draw.choice([1.0, 1.0, 0.5, {t: draw.uniform(0.3, 1.0) for t in targets}]),
        "conn_seed": draw.randint(0, 1000),
    }
    if kind == "spike_train":
        trains = {"a": [1.0, 5.5], "b": [], "c": sorted(draw.uniform(0.0, 60.0) for _ in range(4))}
        net.add_spike_train_drive(name, spike_data=draw.choice([trains, [(3.0, 9), (4.5, 2), (10.0, 9)]]), **arguments)
        return
    arguments |= {"event_seed": draw.randint(0, 10000), "cell_specific": specific, "n_drive_cells": "n_cells" if specific else draw.randint(1, 5)}
    if kind == "evoked":
        net.add_evoked_drive(name, mu=draw.uniform(3.0, 40.0), sigma=draw.choice([0.0, 2.0, 5.0]), numspikes=draw.randint(1, 3), **arguments)
    elif kind == "poisson":
        rates = {t: draw.uniform(5.0, 150.0) for t in targets}
        net.add_poisson_drive(name, tstart=draw.choice([0, 5.5]), tstop=draw.choice([None, 40.0]), rate_constant=rates if specific and draw.random() < 0.5 else 80.0, **arguments)
    else:
        net.add_bursty_drive(name, tstart=draw.uniform(0.0, 20.0), tstart_std=draw.choice([0, 3.0]), tstop=draw.choice([None, 50.0]), burst_rate=draw.uniform(5.0, 20.0),
                             burst_std=draw.choice([0, 5.0]), numspikes=draw.randint(1, 3), spike_isi=draw.uniform(2.0, 10.0), **arguments)


def network(draw):
    """A random network."""
    import hnn_core

    model = draw.choice([hnn_core.neymotin_2020_model, hnn_core.law_2021_model, hnn_core.calcium_model])
    net = model(mesh_shape=(draw.randint(1, 3), draw.randint(1, 3)))
    if draw.random() < 0.4:
        net.set_cell_positions(inplane_distance=draw.choice([0.5, 2.0, 3.7, 30.0]), layer_separation=draw.choice([None, 900.0, 1307.4]))
    change_cells(net, draw)
    if draw.random() < 0.3:
        net._params["celsius"] = draw.uniform(30.0, 38.0)
    if draw.random() < 0.3:
        net.threshold = draw.uniform(-20.0, 10.0)
    if draw.random() < 0.3:
        net.set_global_synaptic_gains(e_e=draw.uniform(0.5, 2.0), i_i=draw.uniform(0.5, 2.0))
    add_connections(net, draw)
    for k in range(draw.randint(1, 4)):
        add_drive(net, draw, f"drive{k}")
    for k in range(draw.randint(0, 2)):
        cell_type = draw.choice(TYPES)
        section = draw.choice(list(net.cell_types[cell_type]["cell_object"].sections))
        net.add_tonic_bias(amplitude={cell_type: draw.uniform(-0.1, 0.6)}, section=section, bias_name=f"bias{k}", t0=draw.choice([0, 5.0, 7.013]), tstop=draw.choice([None, 30.0]))
    if draw.random() < 0.4:
        positions = [(draw.uniform(-50.0, 50.0), draw.uniform(-50.0, 50.0), z) for z in (-100.0, 500.0, 1500.0)]
        net.add_electrode_array("array", positions, conductivity=draw.uniform(0.1, 0.5), method=draw.choice(["psa", "lsa"]), min_distance=draw.choice([0.5, 5.0]))
    return net


def simulation(seed):
    """A random network, and how it is simulated."""
    draw = random.Random(seed)
    net = network(draw)
    records = {name: draw.choice([False, False, "soma", "all"]) for name in ("record_vsec", "record_isec", "record_ca")}
    return net, {
        "name": f"seed {seed}", "tstop": draw.choice([40.0, 60.0, 77.7]), "dt": draw.choice([0.025, 0.025, 0.05, 0.1, 0.03]), "n_trials": draw.choice([1, 2]),
        "records": {name: value for name, value in records.items() if value}, "electrodes": bool(net.rec_arrays),
    }  # fmt: skip


def trials(net, case, program):
    """Trials by the original and by this program."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.json"
        net.write_configuration(str(path))
        with redirect_stdout(io.StringIO()):
            dipoles = simulate(net, case["tstop"], case["dt"], case["n_trials"], **case["records"])
        return trials_of(net, dipoles, case["records"]), ours(case, program, {"file": str(path)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--binary")
    parser.add_argument("--markdown", help="also put the table into this document, in place of its section")
    arguments = parser.parse_args()
    program, result, counts, alike = binary(arguments.binary), Table(), [], []
    for seed in range(arguments.first, arguments.last + 1):
        expected, found = trials(*simulation(seed), program)
        results = [compare(a, b) for a, b in zip(expected, found, strict=True)]
        if agree(results):
            alike += results
            counts += [len(t["spikes"]) for t in expected]
        else:
            result.add(f"seed {seed}", expected, found)
    if alike:
        result.line(f"seeds {arguments.first} to {arguments.last}" + (", all others" if result.failed else ""), counts, alike)
    result.finish(arguments.markdown, "Random networks")


if __name__ == "__main__":
    main()
