"""How sensitive is a trace to last bits? The worst trace of scripts/parity.py, and the original against itself with `el` of hh2 changed a little.

    python scripts/sensitivity.py [CASE GID] [--binary PATH]

Prints, at samples around the worst error, the somatic potential of the original, how far this program is from it, and how far the original is from
itself when `el` of all sections is multiplied by 1 ± 1e-13 and 1 + 1e-14; all relative to the range of the trace. Needs what parity.py --fresh needs.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from parity import original, ours
from tools import binary

from cases import CASES, MORE, build
from common import simulate

FACTORS = [1 + 1e-13, 1 - 1e-13, 1 + 1e-14]
STEPS = (-1892, -692, -292, -192, -92, -42, -22, -12, -2, 0, 8, 108, 308, 808)  # samples from the worst one


def perturbed(case, gid, factor):
    """(potential, spike times) of the original with another `el`."""
    net = build(case)
    for cell_type in net.cell_types.values():
        for section in cell_type["cell_object"].sections.values():
            for parameters in section.mechs.values():
                if "el_hh2" in parameters:
                    parameters["el_hh2"] *= factor
    simulate(net, case["tstop"], case["dt"], record_vsec="soma")
    return np.array(net.cell_response.vsec[0][gid]["soma"]), list(net.cell_response.spike_times[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="?", default="calcium_3x3")
    parser.add_argument("gid", nargs="?", type=int, default=22)
    parser.add_argument("--binary")
    arguments = parser.parse_args()
    case = next(c for c in CASES + MORE if c["name"] == arguments.case) | {"records": {"record_vsec": "soma"}, "n_trials": 1}
    with tempfile.TemporaryDirectory() as folder:
        network_file = Path(folder) / "network.json"
        expected = original(case, network_file)[0]
        found = ours(case, binary(arguments.binary), {"file": str(network_file)})[0]
    v = np.array(expected["vsec"][arguments.gid]["soma"])
    others = [np.array(found["vsec"][str(arguments.gid), "soma"])]
    spikes = [[time for time, _ in trial["spikes"]] for trial in (expected, found)]
    for factor in FACTORS:
        other, times = perturbed(case, arguments.gid, factor)
        others.append(other)
        spikes.append(times)
    errors = [abs(other - v) / (v.max() - v.min()) for other in others]
    worst = int(errors[0].argmax())
    print("spikes are", "equal in all" if all(times == spikes[0] for times in spikes) else "NOT equal")
    print("| time (ms) | original (mV) | this program | el + 1e-13 | el - 1e-13 | el + 1e-14 |\n|---|---|---|---|---|---|")
    for k in (worst + step for step in STEPS if 0 <= worst + step < len(v)):
        print(f"| {k * case['dt']:.3f} | {v[k]:.4f} | " + " | ".join(f"{e[k]:.1e}" for e in errors) + " |")


if __name__ == "__main__":
    main()
