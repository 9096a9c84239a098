"""cells.json: unconnected single cells of the 1x1 mesh, each with events on some synapses; potentials, currents, calcium, dipole, LFP.

A case is a neymotin_2020 network of mesh (1, 1) without its connections, with evoked drives of sigma 0 (their event is exactly mu), whose
connections are then sent to `loc` and `receptor`.
"""

import numpy as np

from common import cell_network, plain, simulate, write
from make_geometry import changed, even

POSITIONS = {"L5_pyramidal": (1.3, 2.7, 0.0), "L2_pyramidal": (-3.1, 0.4, 1307.4), "L2_basket": (0.0, 0.0, 1045.92), "L5_basket": (0.0, 0.0, 261.48)}


def event(target, mu, loc, receptor, weight, delay=0.1):
    return {"target": target, "mu": mu, "loc": loc, "receptor": receptor, "weight": weight, "delay": delay}


CASES = {
    "one event on ampa": {
        "events": [
            event("L5_pyramidal", 5.0, "proximal", "ampa", 0.02),
            event("L2_pyramidal", 5.0, "proximal", "ampa", 0.02),
            event("L2_basket", 5.0, "soma", "ampa", 0.05),
            event("L5_basket", 3.3, "soma", "nmda", 0.01, 1.0),
        ],
        "tstop": 50.0, "dt": 0.025,
    },
    "all receptors, on sections and groups": {
        "events": [
            event("L5_pyramidal", 2.0, "apical_tuft", "nmda", 0.02),
            event("L5_pyramidal", 6.01, "soma", "gabaa", 0.01),
            event("L5_pyramidal", 9.0, "basal_1", "gabab", 0.005, 0.0),
            event("L2_pyramidal", 2.0, "distal", "ampa", 0.04),
            event("L2_pyramidal", 4.0, "soma", "gabab", 0.01, 0.0125),
            event("L2_basket", 2.0, "soma", "gabaa", 0.01),
            event("L2_basket", 8.0, "soma", "ampa", 0.02),
            event("L5_basket", 0.5, "soma", "ampa", 0.05, 0.0),
        ],
        "tstop": 50.0, "dt": 0.025,
    },
    "changed sections, even nseg, a bias along a dendrite, dt 0.05": {
        "cells": {"L5_pyramidal": "changed", "L2_pyramidal": "even"},
        "bias": {"cell_type": "L5_pyramidal", "section": "apical_1", "amplitude": 0.5, "t0": 3.0, "tstop": 20.0},
        "events": [
            event("L5_pyramidal", 25.0, "proximal", "ampa", 0.02),
            event("L2_pyramidal", 5.0, "proximal", "nmda", 0.02),
        ],
        "tstop": 50.0, "dt": 0.05,
    },
    "another temperature and threshold": {
        "celsius": 31.0, "threshold": -20.0,
        "events": [
            event("L5_pyramidal", 5.0, "proximal", "ampa", 0.02),
            event("L2_pyramidal", 5.0, "proximal", "ampa", 0.02),
            event("L2_basket", 5.0, "soma", "ampa", 0.05),
        ],
        "tstop": 40.0, "dt": 0.025,
    },
}
ELECTRODES = {
    "psa": {"electrode_pos": [(3.0, 4.0, 50.0), (1.3, 2.7, 300.0), (100.0, -40.0, 1000.0)], "conductivity": 0.3, "method": "psa", "min_distance": 0.5},
    "lsa": {"electrode_pos": [(3.0, 4.0, 50.0), (1.3, 2.7, 300.0), (100.0, -40.0, 1000.0)], "conductivity": 0.25, "method": "lsa", "min_distance": 2.0},
}


def run(case):
    net = cell_network(None)
    net._params["celsius"] = case.get("celsius", 37.0)
    net._params["threshold"] = net.threshold = case.get("threshold", 0.0)
    for name, how in case.get("cells", {}).items():
        net.cell_types[name]["cell_object"] = {"changed": changed, "even": even}[how]()
    for name, pos in POSITIONS.items():
        net.pos_dict[name] = [pos]
    net.pos_dict["origin"] = (0.0, 0.0, 0.0)
    for k, e in enumerate(case["events"]):
        net.add_evoked_drive(
            f"ev{k}", mu=e["mu"], sigma=0.0, numspikes=1, location="soma" if "basket" in e["target"] else "proximal",
            n_drive_cells=1, cell_specific=False, weights_ampa={e["target"]: e["weight"]}, synaptic_delays=e["delay"],
            space_constant=1e6,
        )
        net.connectivity[-1]["loc"] = e["loc"]
        net.connectivity[-1]["receptor"] = e["receptor"]
        net.connectivity[-1]["nc_dict"]["threshold"] = net.threshold
    if "bias" in case:
        net.add_tonic_bias(**case["bias"])
    for name, array in ELECTRODES.items():
        net.add_electrode_array(name, **array)
    dpl = simulate(net, case["tstop"], case["dt"], record_vsec="all", record_isec="all", record_ca="all")[0]
    r = net.cell_response
    times = np.array(r.times)
    at = sorted(set(range(0, 16)) | set(range(0, len(times), 25)) | {len(times) - 1})

    def some(values):
        return [float(values[i]) for i in at]

    out = {
        "n_samples": len(times),
        "samples": at,
        "times": some(times),
        "spikes": {"time": list(r.spike_times[0]), "gid": [int(g) for g in r.spike_gids[0]]},
        "dipole": {k: some(v) for k, v in dpl.data.items()},
        "vsec_extremes": {},
        "vsec": {}, "isec": {}, "ca": {},
        "lfp": {name: [some(c) for c in array.voltages[0]] for name, array in net.rec_arrays.items()},
    }
    for gid, sections in r.vsec[0].items():
        out["vsec"][gid] = {s: some(v) for s, v in sections.items()}
        out["vsec_extremes"][gid] = {s: [min(v), max(v)] for s, v in sections.items()}
    for gid, sections in r.isec[0].items():
        out["isec"][gid] = {s: {n: some(v) for n, v in names.items() if any(v)} for s, names in sections.items()}
    for gid, sections in r.ca[0].items():
        out["ca"][gid] = {s: some(v) for s, v in sections.items()}
    print([(t, g) for t, g in zip(r.spike_times[0], r.spike_gids[0])], out["vsec_extremes"][3]["soma"])
    return out


def main():
    cases = []
    for name, case in CASES.items():
        cases.append({"name": name, **case, "result": run(case)})
    write("cells", "single cells: sampled at `samples`; synapses whose current is zero throughout are left out; potentials (mV), currents (nA), calcium (mM), dipole (nAm), lfp (uV)",
          "spikes exactly; traces 1e-9 of their range",
          {"positions": POSITIONS, "origin": (0.0, 0.0, 0.0), "space_constant": 1e6, "electrodes": plain(ELECTRODES), "cases": cases})


if __name__ == "__main__":
    main()
