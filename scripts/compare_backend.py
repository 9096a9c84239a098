"""hnn-core's example scripts as they stand, plain and on this solver: are all spikes equal, and what CPU time do both take?

    python scripts/compare_backend.py HNN_CORE [names] [--markdown FILE]

HNN_CORE is a checkout of hnn-core at the version that is installed. Every script runs in a process of its own, once plain and once after `hnn_sweep.use()`; the spikes of
every simulation in it are compared in their order and in every bit. Scripts that download data are left out.

Needs an interpreter with hnn_core, NEURON, joblib, scipy, matplotlib and hnn_sweep.
"""

import argparse
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

DOWNLOADS = {"plot_simulate_somato"}

CHILD = """
import pickle, runpy, sys
from unittest.mock import MagicMock

spikes = []
script, out, forced = sys.argv[1:4]
import hnn_core.parallel_backends as backends

gather = backends._gather_trial_data


def keep(sim_data, *args, **kwargs):
    spikes.append([(list(trial["spike_times"]), list(trial["spike_gids"])) for trial in sim_data])
    return gather(sim_data, *args, **kwargs)


backends._gather_trial_data = keep
# What BatchSimulate's workers simulate in other processes comes back with its results.
from hnn_core.batch_simulate import BatchSimulate

simulate_batch = BatchSimulate.simulate_batch


def keep_batch(self, *args, **kwargs):
    n_before = len(spikes)
    results = simulate_batch(self, *args, **kwargs)
    if len(spikes) == n_before:
        responses = [result["net"].cell_response for result in results]
        spikes.extend(list(zip(r.spike_times, r.spike_gids)) for r in responses)
    return results


BatchSimulate.simulate_batch = keep_batch
if forced == "1":
    import hnn_sweep

    hnn_sweep.use()
sys.argv = [script]
try:
    runpy.run_path(script, run_name="__main__")
finally:
    with open(out, "wb") as file:
        pickle.dump(spikes, file)
"""


def run(script: Path, forced: bool, folder: str) -> tuple[list, float, str]:
    """Spikes of its simulations, CPU seconds, and the last line of an error."""
    out = Path(folder) / "spikes.pickle"
    out.unlink(missing_ok=True)
    command = [sys.executable, "-c", CHILD, str(script.resolve()), str(out), str(int(forced))]
    before = os.times()
    child = subprocess.run(command, cwd=folder, env={**os.environ, "MPLBACKEND": "agg"}, capture_output=True, text=True, check=False)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    error = child.stderr.strip().splitlines()[-1] if child.returncode else ""
    return pickle.loads(out.read_bytes()) if out.exists() else [], cpu, error


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("names", nargs="*", help="names of scripts; all by default")
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    lines = ["| example | simulations | spikes | equal | CPU s, plain | CPU s, here |", "|---|---|---|---|---|---|"]
    print("\n".join(lines))
    different = 0
    for script in sorted(arguments.checkout.glob("examples/*/*.py")):
        if script.stem in DOWNLOADS or (arguments.names and script.stem not in arguments.names):
            continue
        with tempfile.TemporaryDirectory() as folder:
            plain, plain_cpu, error = run(script, False, folder)
            ours, cpu, own_error = run(script, True, folder)
        n_spikes = sum(len(times) for simulation in plain for times, _ in simulation)
        if error and not own_error:
            print(f"| {script.stem} | | | does not run on NEURON here: {error} | {plain_cpu:.1f} | {cpu:.1f} |", flush=True)
            continue
        equal = plain == ours and error == own_error
        different += not equal
        verdict = "yes" if equal else f"NO {own_error}"
        verdict += f" ({error})" if error else ""
        lines.append(f"| {script.stem} | {len(plain)} | {n_spikes} | {verdict} | {plain_cpu:.1f} | {cpu:.1f} |")
        print(lines[-1], flush=True)
    if arguments.markdown:
        arguments.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
