"""networks/*.json and more/*.json: spikes and dipoles of whole networks. `python make_networks.py [names]`; one core, about 6 minutes in all.

`--configurations FOLDER` also writes each network as hnn-core's network file (gzip); those are large and not committed.
"""

import argparse
import gzip
import os
import time

import numpy as np

from cases import CASES, MORE, build
from common import HERE, simulate, write

SAMPLES = 160  # at least so many samples of each dipole are kept


def result(net, dipole, trial, smooth):
    response = net.cell_response
    times = np.array(response.times)
    n = len(times)
    at = sorted(set(range(3)) | set(range(0, n, max(1, n // SAMPLES))) | {n - 1})
    out = {
        "n_samples": n,
        "last_time": times[-1],
        "spikes": {"gid": [int(g) for g in response.spike_gids[trial]], "time": list(response.spike_times[trial])},
        "samples": at,
        "dipole": {k: [float(v[i]) for i in at] for k, v in dipole.data.items()},
        "extremes": {k: {"min": v.min(), "argmin": int(v.argmin()), "max": v.max(), "argmax": int(v.argmax())} for k, v in dipole.data.items()},
    }
    if smooth:
        smoothed = dipole.copy().smooth(smooth).data
        out["smoothed_extremes"] = {k: {"min": v.min(), "argmin": int(v.argmin()), "max": v.max(), "argmax": int(v.argmax())} for k, v in smoothed.items()}
    # traces of the first and last cell of each type
    cells = sorted({g for name in net.cell_types for g in (net.gid_ranges[name][0], net.gid_ranges[name][-1])})

    def some(values):
        return [float(values[i]) for i in at]

    if net._params["record_vsec"]:
        out["vsec"] = {g: {s: some(v) for s, v in response.vsec[trial][g].items()} for g in cells}
    if net._params["record_isec"]:
        out["isec"] = {g: {s: {n: some(v) for n, v in names.items() if any(v)} for s, names in response.isec[trial][g].items()} for g in cells}
    if net._params["record_ca"]:
        out["ca"] = {g: {s: some(v) for s, v in response.ca[trial][g].items()} for g in cells}
    if net.rec_arrays:
        out["lfp"] = {name: [some(c) for c in array.voltages[trial]] for name, array in net.rec_arrays.items()}
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--configurations")
    arguments = parser.parse_args()
    for folder, case in [("networks", c) for c in CASES] + [("more", c) for c in MORE]:
        os.makedirs(os.path.join(HERE, folder), exist_ok=True)
        if arguments.names and case["name"] not in arguments.names:
            continue
        net = build(case)
        if arguments.configurations:
            os.makedirs(arguments.configurations, exist_ok=True)
            path = os.path.join(arguments.configurations, case["name"] + ".json")
            net.write_configuration(path)
            with open(path, "rb") as plain, gzip.open(path + ".gz", "wb", mtime=0) as packed:
                packed.write(plain.read())
            os.remove(path)
        start = time.process_time()
        dipoles = simulate(net, case["tstop"], case["dt"], case["n_trials"], **case.get("records", {}))
        trials = [result(net, d, k, case.get("smooth")) for k, d in enumerate(dipoles)]
        print(case["name"], [len(t["spikes"]["time"]) for t in trials], "spikes,", round(time.process_time() - start, 1), "s")
        traces = "" if folder == "networks" else "; traces (mV, nA, mM) and LFP (uV) 1e-9 of their range"
        write(os.path.join(folder, case["name"]), case["what"], "spikes (gid, time, order) and sample times exactly; dipole (nAm) 1e-9 of its peak-to-peak" + traces,
              {"case": case, "trials": trials})


if __name__ == "__main__":
    main()
