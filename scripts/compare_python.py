"""CPU seconds of hnn-core's own calls, plain on NEURON and on this solver.

    python scripts/compare_python.py [simulate | batch] [--mesh 3 10] [--points 20] [--plain-points 4]

`simulate` is the whole call of `simulate_dipole` with one trial of 170 ms, beside the solver's own time for the same network;
`batch` is `BatchSimulate.run` over a weight with `n_jobs=1`, with dipoles and spikes, per simulation. Each figure is the least of the repetitions
(`--repeat`), in a process of its own. hnn-core's batch is measured over fewer points, since each takes as long as the last.

Needs an interpreter with hnn_core, NEURON, joblib and hnn_sweep; build the latter with `just wheel`, since debug builds are slower.
"""

import argparse
import subprocess
import sys

COMMON = """
import os, sys, tempfile, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from hnn_core import neymotin_2020_model, simulate_dipole


def add_drives(net, weight):
    pyramidal = {"L2_pyramidal": weight, "L5_pyramidal": weight}
    delays = {"L2_basket": 0.1, "L2_pyramidal": 0.1, "L5_basket": 1.0, "L5_pyramidal": 1.0}
    net.add_evoked_drive("evprox", mu=26.0, sigma=2.5, numspikes=1, location="proximal",
                         weights_ampa={**pyramidal, "L2_basket": 0.09, "L5_basket": 0.2}, synaptic_delays=delays, event_seed=4)
    del delays["L5_basket"]
    net.add_evoked_drive("evdist", mu=63.0, sigma=3.9, numspikes=1, location="distal", weights_ampa={**pyramidal, "L2_basket": 0.006},
                         weights_nmda={**pyramidal, "L2_basket": 0.02}, synaptic_delays=delays, event_seed=5)


def cpu():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


mesh, n = int(sys.argv[1]), int(sys.argv[2])
net = neymotin_2020_model(mesh_shape=(mesh, mesh))
"""

PROGRAMS = {
    ("simulate", "plain"): "add_drives(net, 0.02); b = cpu(); simulate_dipole(net, tstop=170.0, n_trials=1, verbose=False); print(cpu() - b)",
    ("simulate", "here"): """
import hnn_sweep
add_drives(net, 0.02)
b = cpu()
with hnn_sweep.Backend():
    simulate_dipole(net, tstop=170.0, n_trials=1, verbose=False)
print(cpu() - b)
""",
    ("simulate", "solver"): """
import hnn_sweep
add_drives(net, 0.02)
network = hnn_sweep.convert(net)
b = cpu()
network.simulate(170.0, 0.025, [0], False, False, False, False)
print(cpu() - b)
""",
    ("batch", "plain"): """
from hnn_core.batch_simulate import BatchSimulate
batch = BatchSimulate(lambda params, net: add_drives(net, params["w"]), net=net, save_folder=tempfile.mkdtemp(), save_outputs=True, save_spiking=True)
b = cpu()
batch.run({"w": list(np.linspace(0.005, 0.03, n))}, n_jobs=1, verbose=False)
print((cpu() - b) / n)
""",
    ("batch", "here"): """
from hnn_sweep import BatchSimulate
batch = BatchSimulate(lambda params, net: add_drives(net, params["w"]), net=net, save_folder=tempfile.mkdtemp(), save_outputs=True, save_spiking=True)
b = cpu()
batch.run({"w": list(np.linspace(0.005, 0.03, n))}, n_jobs=1, verbose=False)
print((cpu() - b) / n)
""",
}


def measure(program: tuple[str, str], mesh: int, n: int, repeat: int) -> float:
    """CPU seconds of a program, the least of some repetitions."""
    code = COMMON + PROGRAMS[program]
    command = [sys.executable, "-c", code, str(mesh), str(n)]
    outputs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(repeat)]
    return min(float(output.split()[-1]) for output in outputs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", choices=["simulate", "batch"], default=["simulate", "batch"])
    parser.add_argument("--mesh", type=int, nargs="+", default=[3, 10])
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--plain-points", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=2)
    arguments = parser.parse_args()
    print("| what | mesh | hnn-core on NEURON, CPU s | here | ratio | the solver alone |\n|---|---|---|---|---|---|")
    for what in arguments.what or ["simulate", "batch"]:
        for mesh in arguments.mesh:
            plain = measure((what, "plain"), mesh, arguments.plain_points, 1)
            here = measure((what, "here"), mesh, arguments.points, arguments.repeat)
            solver = f"{measure(('simulate', 'solver'), mesh, 1, arguments.repeat):.3f}" if what == "simulate" else ""
            print(f"| {what} | {mesh}x{mesh} | {plain:.2f} | {here:.3f} | {plain / here:.1f} | {solver} |", flush=True)


if __name__ == "__main__":
    main()
