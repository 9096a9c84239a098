"""How sensitive is a trace to last bits? The traces that are beyond 1e-9 in the parity tables, and the original against itself.

    python scripts/sensitivity.py CASE|SEED GID [--binary PATH]

CASE is one of tests/reference/cases.py, SEED one of parity_random.py. Prints, at samples around the worst error, the somatic potential of the original, how far this program
is from it, and how far the original is from itself when the capacity of all sections is multiplied by 1 + 1e-14, 1 + 1e-13 and 1 - 1e-13; all relative to the
range of the trace. Needs what parity.py --fresh needs.
"""

import argparse

import numpy as np
from parity_random import simulation, trials
from tools import binary

from cases import CASES, MORE, build
from common import simulate

FACTORS = [1 + 1e-14, 1 + 1e-13, 1 - 1e-13]
BEFORE = (50.0, 20.0, 10.0, 7.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.2, 0.0, -0.2, -2.0, -5.0, -10.0)  # ms before the worst sample


def made(name):
    """A network, and how it is simulated."""
    if name.isdigit():
        return simulation(int(name))
    case = next(c for c in CASES + MORE if c["name"] == name)
    return build(case), case


def perturbed(name, gid, factor):
    """(potential, spike times) of the original with other capacities."""
    net, case = made(name)
    for cell_type in net.cell_types.values():
        for section in cell_type["cell_object"].sections.values():
            section._cm *= factor
    simulate(net, case["tstop"], case["dt"], record_vsec="soma")
    return np.array(net.cell_response.vsec[0][gid]["soma"]), list(net.cell_response.spike_times[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", metavar="CASE|SEED")
    parser.add_argument("gid", type=int)
    parser.add_argument("--binary")
    arguments = parser.parse_args()
    net, case = made(arguments.name)
    expected, found = (t[0] for t in trials(net, case | {"records": {"record_vsec": "soma"}, "n_trials": 1}, binary(arguments.binary)))
    v = np.array(expected["vsec"][arguments.gid]["soma"])
    others = [np.array(found["vsec"][str(arguments.gid), "soma"])]
    spikes = [[time for time, _ in trial["spikes"]] for trial in (expected, found)]
    for factor in FACTORS:
        other, times = perturbed(arguments.name, arguments.gid, factor)
        others.append(other)
        spikes.append(times)
    errors = [abs(other - v) / (v.max() - v.min()) for other in others]
    worst = int(errors[0].argmax())
    print("spikes are", "equal in all" if all(times == spikes[0] for times in spikes) else "NOT equal")
    print("| time (ms) | original (mV) | this program | cm + 1e-14 | cm + 1e-13 | cm - 1e-13 |\n|---|---|---|---|---|---|")
    for k in (worst - round(before / case["dt"]) for before in BEFORE):
        if 0 < k < len(v):
            print(f"| {k * case['dt']:.3f} | {v[k]:.4f} | " + " | ".join(f"{e[k]:.1e}" for e in errors) + " |")


if __name__ == "__main__":
    main()
