"""How well several runs share a sweep: tasks that were simulated, and the time that all took, for 1, 2, 4, … runs.

    python3 scripts/share.py target/release/hnn-sweep [--tasks 160] [--runs 1,2,4,8,16] [--tstop 30]
"""

import argparse
import re
import subprocess
import tempfile
import time
from pathlib import Path

PIPELINE = """
name = "share"
save_folder = "results"
[network]
model = "neymotin_2020"
mesh_shape = [2, 2]
[simulation]
tstop = {tstop}
[grid]
weight = {{ linspace = [1e-5, 1e-3, {tasks}] }}
[[drive]]
type = "evoked"
name = "evprox"
mu = 10.0
sigma = 3.0
numspikes = 1
location = "proximal"
weights_ampa = {{ L2_pyramidal = "weight", L5_pyramidal = "weight" }}
synaptic_delays = 0.1
[output]
save_dpl = true
save_spiking = true
"""


def measure(program, tasks, runs, tstop):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pipeline.toml").write_text(PIPELINE.format(tasks=tasks, tstop=tstop))
        command = [program, "run", "pipeline.toml", "--jobs", "1"]
        began = time.monotonic()
        pipe = subprocess.PIPE
        children = [subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True) for _ in range(runs)]
        simulated = 0
        for child in children:
            out, err = child.communicate()
            assert child.returncode == 0, err
            simulated += int(re.search(r"(\d+) simulated", out).group(1))
        return simulated, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--tasks", type=int, default=160)
    parser.add_argument("--runs", default="1,2,4,8,16")
    parser.add_argument("--tstop", type=float, default=30.0)
    arguments = parser.parse_args()
    program = str(Path(arguments.program).resolve())
    print("| runs | simulated | s |\n|---|---|---|")
    for runs in map(int, arguments.runs.split(",")):
        simulated, seconds = measure(program, arguments.tasks, runs, arguments.tstop)
        print(f"| {runs} | {simulated} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
