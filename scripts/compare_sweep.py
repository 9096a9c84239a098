"""How much faster than BatchSimulate is a sweep of a small network? Wall time of both with two jobs, taken in turns.

    python scripts/compare_sweep.py [--runs 3] [--points 24] [--python PATH] [--binary PATH]

PATH of --python is an interpreter with hnn_core==0.6.1, NEURON==8.2.7 and joblib; default: $HNN_ORACLE_PYTHON, else this one.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from tools import ROOT, binary, cpu_of

ORIGINAL = """
import numpy as np
from hnn_core import neymotin_2020_model
from hnn_core.batch_simulate import BatchSimulate

def set_params(params, net):
    net.add_evoked_drive("evprox", mu=40.0, sigma=5.0, numspikes=1, location="proximal",
        weights_ampa={{name: params["weight"] for name in ("L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal")}},
        synaptic_delays={{"L2_basket": 0.1, "L2_pyramidal": 0.1, "L5_basket": 1.0, "L5_pyramidal": 1.0}})

batch = BatchSimulate(net=neymotin_2020_model(mesh_shape=(3, 3)), set_params=set_params, tstop=170.0, dt=0.025,
    save_outputs=True, save_spiking=True, clear_cache=True)
batch.run({{"weight": np.logspace(-4, -1, {points})}}, n_jobs=2, return_output=False, verbose=False)
"""

PIPELINE = """
name = "compare"
save_folder = "{folder}"

[network]
model = "neymotin_2020"
mesh_shape = [3, 3]

[simulation]
tstop = 170.0
dt = 0.025

[grid]
weight = {{ logspace = [-4, -1, {points}] }}

[[drive]]
type = "evoked"
name = "evprox"
mu = 40.0
sigma = 5.0
numspikes = 1
location = "proximal"
weights_ampa    = {{ L2_basket = "weight", L2_pyramidal = "weight", L5_basket = "weight", L5_pyramidal = "weight" }}
synaptic_delays = {{ L2_basket = 0.1, L2_pyramidal = 0.1, L5_basket = 1.0, L5_pyramidal = 1.0 }}

[output]
save_dpl = true
save_spiking = true
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="pairs of runs")
    parser.add_argument("--points", type=int, default=24, help="simulations of the sweep")
    parser.add_argument("--python", default=os.environ.get("HNN_ORACLE_PYTHON", sys.executable))
    parser.add_argument("--binary")
    arguments = parser.parse_args()
    program = binary(arguments.binary)
    quiet = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", PYTHONWARNINGS="ignore")
    ratios = []
    print(f"{arguments.points} simulations of a 3x3 network, 170 ms, dt 0.025, two jobs")
    print("run   BatchSimulate s   hnn-sweep s   ratio")
    for run in range(arguments.runs):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pipeline.toml"
            path.write_text(PIPELINE.format(folder=Path(folder) / "results", points=arguments.points))
            script = Path(folder) / "original.py"
            script.write_text(ORIGINAL.format(points=arguments.points))
            _, theirs = cpu_of([arguments.python, str(script)], env=quiet, cwd=folder)
            _, ours = cpu_of([program, "run", str(path), "--jobs", "2"], cwd=ROOT)
        ratios.append(theirs / ours)
        print(f"{run + 1:3}   {theirs:15.2f}   {ours:11.3f}   {theirs / ours:5.1f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.1f} (from {min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
