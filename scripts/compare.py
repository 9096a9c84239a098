"""How much faster than hnn-core is one simulation? CPU seconds of whole processes, taken in turns.

    python scripts/compare.py [--runs 5] [--model neymotin_2020] [--mesh 10] [--python PATH] [--binary PATH]

PATH of --python is an interpreter with hnn_core==0.6.1, NEURON==8.2.7 and joblib; default: $HNN_ORACLE_PYTHON, else this one.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

from tools import ROOT, binary, cpu_of

ORIGINAL = """
from hnn_core import JoblibBackend, network_models, simulate_dipole
from hnn_core.network_models import add_erp_drives_to_jones_model
net = network_models.{model}_model(mesh_shape=({n}, {n}))
add_erp_drives_to_jones_model(net)
with JoblibBackend(n_jobs=1):
    dipole = simulate_dipole(net, tstop=170.0, dt=0.025, n_trials=1, verbose=False)
assert len(dipole[0].times) == 6801
"""

PIPELINE = """
name = "compare"
save_folder = "{folder}"

[network]
model = "{model}"
mesh_shape = [{n}, {n}]

[simulation]
tstop = 170.0
dt = 0.025

[[drive]]
type = "erp"

[output]
save_dpl = true
save_spiking = true
"""


def cpu_name():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="pairs of runs")
    parser.add_argument("--model", default="neymotin_2020", choices=["neymotin_2020", "law_2021", "calcium"])
    parser.add_argument("--mesh", type=int, default=10, help="cells along each side of the mesh")
    parser.add_argument("--python", default=os.environ.get("HNN_ORACLE_PYTHON", sys.executable))
    parser.add_argument("--binary")
    arguments = parser.parse_args()
    program = binary(arguments.binary)
    one_thread = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", PYTHONWARNINGS="ignore")
    ratios = []
    print(f"{arguments.model}, {arguments.mesh}x{arguments.mesh} network, 170 ms, dt 0.025, one core; {cpu_name()}")
    print("run   hnn-core CPU s   hnn-sweep CPU s   ratio   (wall s)")
    for run in range(arguments.runs):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pipeline.toml"
            path.write_text(PIPELINE.format(folder=Path(folder) / "results", n=arguments.mesh, model=arguments.model))
            theirs, their_wall = cpu_of([arguments.python, "-c", ORIGINAL.format(n=arguments.mesh, model=arguments.model)], env=one_thread, cwd=folder)
            ours, our_wall = cpu_of([program, "run", str(path), "--jobs", "1"], cwd=ROOT)
        ratios.append(theirs / ours)
        print(f"{run + 1:3}   {theirs:14.2f}   {ours:15.3f}   {theirs / ours:5.1f}   ({their_wall:.2f}, {our_wall:.3f})", flush=True)
    print(f"median ratio {statistics.median(ratios):.1f} (from {min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
