"""Do hnn-core's own examples, test assets and parameter files give the same here? One line per simulation.

    python scripts/parity_examples.py HNN_CORE [names] [--mesh X,Y] [--params FOLDER] [--binary PATH] [--markdown FILE]

HNN_CORE is a checkout of hnn-core at v0.6.1. Its example scripts are run as they stand, with the networks, drives, changes and durations written there;
wherever one calls `simulate_dipole`, the network is written to a file, the original simulates, this program runs the file, and every sample is compared.
What the scripts do besides (figures, MPI, downloads, MNE's source estimates) is left out, and an optimisation is simulated at its first point only. Network files of the
checkout are read by both programs. Parameter files (`.json`; with --params also a folder of the older `.param`) are read by both, with their drives: the
networks are compared number by number, and some are simulated.

At full size the examples take the original about 20 minutes; with --mesh, networks for which a script names no mesh get this one, but for some that stay as they are.

Needs an interpreter with hnn_core==0.6.1, NEURON==8.2.7, joblib, scipy, matplotlib and pyarrow.
"""

import argparse
import io
import json
import os
import runpy
import subprocess
import sys
import tempfile
from contextlib import ExitStack, chdir, contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from unittest.mock import MagicMock, patch

from parity import Table, ours, trials_of
from tools import binary

os.environ["MPLBACKEND"] = "Agg"
TRACES = ("record_vsec", "record_isec", "record_ca")
# Parameter files that are simulated, too, and for how long (ms); all are compared number by number.

SIMULATED = {"default.json": 170.0, "N20.json": 170.0, "gamma_L5weak_L2weak.json": 250.0, "default.param": 170.0, "AlphaAndBeta.param": 310.0, "ERPYesSupraT.param": 170.0}
MESH = (3, 3)  # of parameter files
FULL_SIZE = {"plot_firing_pattern", "plot_simulate_evoked", "plot_simulate_gamma"}  # always; the first names a cell of the full mesh


class Simulations:
    """Stands in for `simulate_dipole`: simulates with both programs."""

    def __init__(self, program):
        from hnn_core.dipole import simulate_dipole

        self.program, self.original, self.done = program, simulate_dipole, []

    def __call__(self, net, tstop, dt=0.025, n_trials=None, record_vsec=False, record_isec=False, record_ca=False, network=None, **_):
        """Dipoles of the original; `network` is what this program simulates, if it is not `net`."""
        records = {name: value for name, value in zip(TRACES, (record_vsec, record_isec, record_ca)) if value}
        n_trials = n_trials or net._params["N_trials"]
        with tempfile.TemporaryDirectory() as folder:
            if network is None:
                network = {"file": str(Path(folder) / "network.json")}
                with patch.object(json.JSONEncoder, "default", lambda _, number: number.item()):  # which the original lacks for NumPy's integers
                    net.write_configuration(network["file"])
            with redirect_stdout(io.StringIO()):
                dipoles = self.original(net, tstop, dt, n_trials, verbose=False, **records)
            case = {"name": "example", "tstop": tstop, "dt": dt, "n_trials": n_trials, "records": records, "electrodes": bool(net.rec_arrays)}
            found = ours(case, self.program, network)
        self.done.append((net._N_pyr_x, net._N_pyr_y, trials_of(net, dipoles, records), found))
        return dipoles

    def lines(self, name, result):
        """Adds what was simulated since the last time: a line per simulation, or one for many."""
        done, self.done = self.done, []
        if not done:
            sys.exit(f"{name}: nothing was simulated")
        mesh = "{}x{}".format(*done[0][:2])
        if len(done) > 6:
            result.add(f"{name}, {mesh}", [t for d in done for t in d[2]], [t for d in done for t in d[3]])
            return
        for k, (_, _, expected, found) in enumerate(done, 1):
            result.add(f"{name}{f' ({k})' if len(done) > 1 else ''}, {mesh}", expected, found)


@contextmanager
def only_simulations(simulate, mesh):
    """What the examples import, without figures, processes and downloads, and with a default mesh."""
    import hnn_core.batch_simulate
    import hnn_core.optimization
    import matplotlib.axes

    class FirstPoint(hnn_core.optimization.Optimizer):
        def fit(self, **_):
            self.net_ = self._initial_net.copy()
            self._set_params(self.net_, self.initial_params)

        def plot_convergence(self, **_):
            pass

    def no_processes(*_, **__):
        return nullcontext()

    sweep = hnn_core.batch_simulate.BatchSimulate.run
    waveform = MagicMock(times=[0.0, 170.0])  # of the measured waveform that the script would download: its end
    mne = {name: MagicMock() for name in ("mne", "mne.datasets", "mne.minimum_norm")}
    places = [module for name, module in list(sys.modules.items()) if name.split(".")[0] == "hnn_core" and module]
    figures = [(module, name) for module in places for name, value in vars(module).items() if getattr(value, "__module__", "") == "hnn_core.viz"]
    patches = [patch.object(module, name, MagicMock()) for module, name in figures]
    patches += [patch.object(module, "simulate_dipole", simulate) for module in places if hasattr(module, "simulate_dipole")]
    patches += [
        patch.object(hnn_core, "MPIBackend", no_processes),
        patch.object(hnn_core, "JoblibBackend", no_processes),
        patch.object(hnn_core, "read_dipole", lambda *_: waveform),
        patch.object(hnn_core.optimization, "Optimizer", FirstPoint),
        patch.object(hnn_core.batch_simulate.BatchSimulate, "run", lambda *args, **more: sweep(*args, **more | {"n_jobs": 1})),
        patch.object(matplotlib.axes.Axes, "plot", MagicMock()),
        patch("urllib.request.urlretrieve", MagicMock()),
        patch.dict(sys.modules, mne),
    ]
    for model in (hnn_core.neymotin_2020_model, hnn_core.law_2021_model, hnn_core.calcium_model):
        defaults = [mesh if value == (10, 10) else value for value in model.__defaults__]
        patches.append(patch.object(model, "__defaults__", tuple(defaults)))
    with ExitStack() as stack:
        for item in patches:
            stack.enter_context(item)
        yield


def examples(checkout, mesh, wanted, simulate, result):
    """Runs the example scripts."""
    for path in sorted((checkout / "examples").glob("*/*.py")):
        if not wanted(path.stem):
            continue
        size = (10, 10) if path.stem in FULL_SIZE else mesh
        with tempfile.TemporaryDirectory() as folder, only_simulations(simulate, size), chdir(folder), redirect_stdout(io.StringIO()):
            runpy.run_path(str(path), run_name="__main__")
        simulate.lines(path.stem, result)


def network_files(checkout, wanted, simulate, result):
    """Both programs read a network file that hnn-core brings."""
    from hnn_core import read_network_configuration

    for path in sorted([*(checkout / "hnn_core" / "tests" / "assets").glob("*.json"), *(checkout / "hnn_core" / "param").glob("*base.json")]):
        if wanted(path.stem):
            simulate(read_network_configuration(str(path)), tstop=170.0, n_trials=1, network={"file": str(path)})
            simulate.lines(path.name, result)


def differences(path, a, b):
    """Where two JSON values differ, numbers compared as numbers."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [d for key in {**a, **b} for d in differences(f"{path}.{key}", a.get(key), b.get(key))]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        if path.endswith("_gids"):  # a set, in the original
            a, b = sorted(a), sorted(b)
        return [d for k, pair in enumerate(zip(a, b)) for d in differences(f"{path}[{k}]", *pair)]
    return [] if a == b else [f"{path}: {b!r} for {a!r}"]


def parameter_files(checkout, folder, wanted, program, simulate, result):
    """Both programs make a network with drives of a parameter file; gives the names of files whose networks differ."""
    from hnn_core import neymotin_2020_model, read_params

    paths = [p for p in sorted((checkout / "hnn_core" / "param").glob("*.json")) if "base" not in p.stem]
    paths += sorted(Path(folder).glob("*.param")) if folder else []
    compared, wrong = 0, []
    for path in filter(lambda p: wanted(p.stem), paths):
        net = neymotin_2020_model(read_params(str(path)), add_drives_from_params=True, mesh_shape=MESH)
        with tempfile.TemporaryDirectory() as scratch:
            theirs, own = Path(scratch) / "theirs.json", Path(scratch) / "ours.json"
            net.write_configuration(str(theirs))
            shape = ",".join(map(str, MESH))
            subprocess.run([program, "network", str(path), "--mesh-shape", shape, "-o", str(own)], check=True, stdout=subprocess.DEVNULL)
            own = json.loads(own.read_text())
            extra = own.pop("hnn_sweep")  # what hnn-core's files lack
            found = differences("", json.loads(theirs.read_text()), own)
            found += [d for key in ("dipole_smooth_win", "dipole_scalefctr") for d in differences(key, net._params[key], extra[key])]
        compared += 1
        if found:
            wrong.append(path.name)
            print(f"{path.name}: {len(found)} differences", *found[:10], sep="\n  ", flush=True)
        for legacy in (False, True) if path.suffix == ".param" else (False,):
            if path.name in SIMULATED:
                net = neymotin_2020_model(read_params(str(path)), add_drives_from_params=True, legacy_mode=legacy, mesh_shape=MESH)
                network = {"params": str(path), "add_drives_from_params": True, "legacy_mode": legacy, "mesh_shape": list(MESH)}
                simulate(net, tstop=SIMULATED[path.name], n_trials=1, network=network)
                simulate.lines(path.name + (", legacy mode" if legacy else ""), result)
    said = f"{compared} parameter files with their drives compared number by number: {len(wrong)} make another network {', '.join(wrong)}".rstrip()
    print(said)
    return said, len(wrong)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("names", nargs="*", help="scripts and files without their endings; all if none is named")
    parser.add_argument("--mesh", default="10,10", help="the default mesh of the examples")
    parser.add_argument("--params", help="a folder of .param files")
    parser.add_argument("--binary")
    parser.add_argument("--markdown", help="also put the table into this document, in place of its section")
    arguments = parser.parse_intermixed_args()
    program, result = binary(arguments.binary), Table()
    simulate = Simulations(program)

    def wanted(name):
        return not arguments.names or name in arguments.names

    examples(arguments.checkout, tuple(map(int, arguments.mesh.split(","))), wanted, simulate, result)
    network_files(arguments.checkout, wanted, simulate, result)
    said, wrong = parameter_files(arguments.checkout, arguments.params, wanted, program, simulate, result)
    result.failed += wrong
    result.finish(arguments.markdown, "hnn-core's examples, test assets and parameter files", said)


if __name__ == "__main__":
    main()
