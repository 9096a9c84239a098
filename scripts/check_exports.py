"""Does hnn-core read what `hnn-sweep export` writes? Runs a small sweep with this program and with BatchSimulate, and compares.

    python scripts/check_exports.py [--binary PATH] [--sizes]

Needs hnn_core==0.6.1, NEURON==8.2.7 and joblib, with NumPy 1.26 or 2.x. --sizes instead measures the room that results take on disk:
dipole and spikes of 8 simulations of a 3x3 network and of 2 of the default 10x10 network, in this program's tables and in the original's npz.
"""

import argparse
import contextlib
import functools
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import hnn_core
import hnn_core.batch_simulate
import matplotlib.pyplot as plt
import numpy as np
from hnn_core import calcium_model, neymotin_2020_model, read_dipole, read_spikes, simulate_dipole
from hnn_core.batch_simulate import BatchSimulate
from hnn_core.cell_response import CellResponse
from tools import binary

CELLS = ("L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal")
WEIGHTS = [0.01, 0.02, 0.05]
ARRAYS = {"deep": [(0.0, 0.0, 0.0), (0.0, 0.0, 600.0)], "single": [(10.0, 20.0, 300.0)]}
LIMIT = 1e-9

SIMULATION = """
name = "exports"
save_folder = "{folder}"

[network]
model = "{model}"
mesh_shape = {mesh}

[simulation]
tstop = {tstop}
dt = {dt}
n_trials = {n_trials}

[sweep]
batch_size = {batch_size}

[grid]
weight = {weights}

[[drive]]
type = "evoked"
name = "evprox"
mu = {mu}
sigma = 3.0
numspikes = 1
location = "proximal"
weights_ampa    = {{ L2_basket = "weight", L2_pyramidal = "weight", L5_basket = "weight", L5_pyramidal = "weight" }}
synaptic_delays = {{ L2_basket = 0.1, L2_pyramidal = 0.1, L5_basket = 1.0, L5_pyramidal = 1.0 }}

[output]
save_dpl = true
save_spiking = true
"""

EVERYTHING = """
save_lfp = true
save_voltages = true
save_currents = true
save_calcium = true
record_vsec = "all"
record_isec = "soma"
record_ca = "soma"
trace_precision = "float64"

[[electrode_array]]
name = "deep"
electrode_pos = [[0.0, 0.0, 0.0], [0.0, 0.0, 600.0]]

[[electrode_array]]
name = "single"
electrode_pos = [10.0, 20.0, 300.0]
method = "lsa"

[[summary]]
name = "top"
statistic = "max"
"""


def drive(mu, params, net):
    delays = dict(zip(CELLS, (0.1, 0.1, 1.0, 1.0)))
    net.add_evoked_drive("evprox", mu=mu, sigma=3.0, numspikes=1, location="proximal",
                         weights_ampa=dict.fromkeys(CELLS, params["weight"]), synaptic_delays=delays)


def hnn_sweep(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"hnn-sweep {' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def original(folder, net, mu, weights, **options):
    """A sweep of the original, saved."""
    batch = BatchSimulate(functools.partial(drive, mu), net=net, save_folder=str(folder), save_outputs=True, save_spiking=True, **options)
    batch.run({"weight": weights}, n_jobs=1, return_output=False, verbose=False)
    return batch


def load(folder):
    """All files as the original loads them, in the order of the simulations."""
    names = sorted(Path(folder).glob("sim_run_*.npz"), key=lambda path: int(path.stem.split("_")[2].split("-")[0]))
    batch = BatchSimulate(lambda params, net: None, save_folder=str(folder), save_spiking=True, save_lfp=True, save_voltages=True,
                          save_currents=True, save_calcium=True)
    assert len(batch.load_all_results()) == len(names)
    files = [batch.load_results(str(name)) for name in names]
    for name, results in zip(names, files):
        with np.load(name, allow_pickle=True) as members:
            results["members"] = {key: (str(members[key].dtype), members[key].shape) for key in members.files}
            results["metadata"] = members["metadata"].item()
    return [name.name for name in names], files


def same(ours, theirs, where, worst):
    """Types, keys and lengths are equal, and so are values; waveforms up to the solver's agreement, which `worst` collects."""
    assert type(ours) is type(theirs), f"{where}: {type(ours)} and {type(theirs)}"
    if isinstance(ours, dict):
        assert sorted(map(repr, ours)) == sorted(map(repr, theirs)), f"{where}: {list(ours)} and {list(theirs)}"
        for key in ours:
            same(ours[key], theirs[key], f"{where}[{key!r}]", worst)
    elif isinstance(ours, np.ndarray) or (isinstance(ours, list) and ours and isinstance(ours[0], float)):
        if isinstance(ours, np.ndarray):
            assert ours.dtype == theirs.dtype and ours.flags.writeable, where
        else:
            assert {type(x) for x in ours} == {type(x) for x in theirs}, where
        a, b = np.array(ours), np.array(theirs)
        assert a.shape == b.shape, f"{where}: {a.shape} and {b.shape}"
        if "spike" in where or "times" in where:
            assert np.array_equal(a, b), where
        span = b.max() - b.min() if b.size else 0
        error = np.abs(a - b).max() / span if span else np.abs(a - b).max(initial=0)
        assert error < LIMIT, f"{where}: {error:.2g} of the range"
        worst.append(error)
    elif isinstance(ours, (list, tuple)):
        assert len(ours) == len(theirs), f"{where}: {len(ours)} and {len(theirs)}"
        for i, (a, b) in enumerate(zip(ours, theirs)):
            same(a, b, f"{where}[{i}]", worst)
    elif hasattr(ours, "__dict__"):
        same(vars(ours), vars(theirs), where, worst)
    else:
        assert ours == theirs, f"{where}: {ours!r} and {theirs!r}"


def check_npz(files, theirs):
    worst = []
    (our_names, ours), (names, theirs) = files, theirs
    assert our_names == names, f"{our_names} and {names}"
    for name, a, b in zip(names, ours, theirs):
        same(a, b, name, worst)
    for results in ours:
        for dipole in sum(results["dpl"], []):
            dipole.copy().smooth(30).plot(show=False)
            plt.close("all")
        for arrays in results["lfp"]:
            for array in arrays.values():
                assert array.voltages.shape == (2, array.n_contacts, len(array.times))
                array.copy().smooth(5)
            arrays["deep"].plot_lfp(show=False)
            plt.close("all")
    return f"{len(names)} files as BatchSimulate writes them; waveforms differ by at most {max(worst):.1e} of their range"


def check_plain(folder, files):
    names, objects = files
    for name, results in zip(names, objects):
        with np.load(Path(folder) / name, allow_pickle=False) as arrays:
            data = {key: arrays[key] for key in arrays.files}
        n = len(results["param_values"])
        assert data["param_weight"].tolist() == [p["weight"] for p in results["param_values"]]
        assert {key: data[key].item() for key in results["metadata"]} == results["metadata"]
        gids, sections = data["voltages_gids"], data["voltages_sections"]
        for row in range(n):
            for trial in range(2):
                dipole = results["dpl"][row][trial]
                assert np.array_equal(data["dpl_times"], dipole.times)
                for k, layer in enumerate(data["dpl_layers"]):
                    assert np.array_equal(data["dpl"][row, trial, k], dipole.data[layer])
                mine = (data["spike_rows"] == row) & (data["spike_trials"] == trial)
                spiking = results["spiking"][row]
                for key in ("times", "gids", "types"):
                    assert data[f"spike_{key}"][mine].tolist() == spiking[f"spike_{key}"][trial], key
                for k, (array, contact) in enumerate(zip(data["lfp_arrays"], data["lfp_contacts"])):
                    assert np.array_equal(data["lfp"][row, trial, k], results["lfp"][row][array].voltages[trial][contact])
                for k, (gid, section) in enumerate(zip(gids, sections)):
                    assert np.array_equal(data["voltages"][row, trial, k], results["voltages"][row][trial][gid][section])
                for k, gid in enumerate(data["currents_gids"]):
                    section = data["currents_sections"][k]
                    synapse = f"{section}_{data['currents_receptors'][k]}"
                    assert np.array_equal(data["currents"][row, trial, k], results["currents"][row][trial][gid][section][synapse])
                for k, gid in enumerate(data["calcium_gids"]):
                    trace = results["calcium"][row][trial][gid][data["calcium_sections"][k]]
                    assert np.array_equal(data["calcium"][row, trial, k], trace)
    return "every array equals the objects"


def check_text(folder, files):
    point = 0
    for results in files[1]:
        for row, dipoles in enumerate(results["dpl"]):
            spiking = results["spiking"][row]
            response = CellResponse(list(CELLS), *(spiking[f"spike_{key}"] for key in ("times", "gids", "types")))
            with contextlib.redirect_stdout(None):
                response.write(str(folder / "their_%d.txt"))
            for trial, dipole in enumerate(dipoles):
                ours = folder / "dipole-txt" / f"dpl_{point}_{trial}.txt"
                dipole.write(str(folder / "their.txt"))
                assert ours.read_bytes() == (folder / "their.txt").read_bytes(), ours
                again = read_dipole(folder / "all" / ours.name)
                assert all(np.array_equal(again.data[layer], dipole.data[layer]) for layer in dipole.data)
                ours = folder / "spikes-txt" / f"spk_{point}_{trial}.txt"
                assert ours.read_bytes() == (folder / f"their_{trial}.txt").read_bytes(), ours
            assert sum(map(len, spiking["spike_times"])) > 10
            read = read_spikes(folder / "spikes-txt" / f"spk_{point}_*.txt")
            assert read.spike_gids == [list(map(int, gids)) for gids in spiking["spike_gids"]]
            point += 1
    return f"files of {point} simulations are hnn-core's, byte for byte"


def check_sbi(folder, files):
    data = dict(np.load(folder / "sbi.npz", allow_pickle=False))
    for name, values in data.items():
        same = np.load(folder / f"sbi_{name}.npy", allow_pickle=False)
        # Without a prior its numbers are NaN.
        assert np.array_equal(values, same, equal_nan=values.dtype.kind == "f"), name
    dipoles = sum((results["dpl"] for results in files[1]), [])
    assert data["theta_names"].tolist() == ["weight"] and data["x_names"].tolist() == ["top"]
    assert data["bounds"].tolist() == [[WEIGHTS[0], WEIGHTS[-1]]]
    assert len(data["x"]) == 2 * len(WEIGHTS)
    for theta, x, point, trial in zip(data["theta"], data["x"], data["points"], data["trials"]):
        assert theta[0] == WEIGHTS[point]
        assert x[0] == dipoles[point][trial].data["agg"].max()
    return "rows of theta and x are of the same simulations"


def check_pca(folder, files):
    data = dict(np.load(folder / "pca.npz", allow_pickle=False))
    dipoles = sum((results["dpl"] for results in files[1]), [])
    waves = np.array([np.mean([trial.data["agg"] for trial in trials], axis=0) for trials in dipoles])
    mean = waves.mean(axis=0)
    u, s, vt = np.linalg.svd(waves - mean, full_matrices=False)
    assert np.allclose(data["mean"], mean, rtol=0, atol=1e-12 * np.ptp(waves))
    for k, component in enumerate(data["components"]):
        sign = np.sign(vt[k] @ component)
        assert np.allclose(component, sign * vt[k], rtol=0, atol=1e-9), k
        assert np.allclose(data["scores"][:, k], sign * u[:, k] * s[k], rtol=0, atol=1e-9 * s[0]), k
    assert np.allclose(data["explained_variance"], s[: len(data["scores"][0])] ** 2 / (len(waves) - 1), rtol=1e-9)
    return "components are those of NumPy's singular value decomposition"


def check(program, folder):
    options = dict(tstop=40.0, dt=0.05, n_trials=2, batch_size=2)
    simulation = SIMULATION.format(folder=folder / "results", model="calcium", mesh=[2, 2], weights=WEIGHTS, mu=12.0, **options)
    pipeline = folder / "exports.toml"
    pipeline.write_text(simulation + EVERYTHING)
    hnn_sweep(program, "run", pipeline, "--quiet")
    for words in (["npz"], ["npz", "--plain"], ["dipole-txt"], ["spikes-txt"], ["sbi"], ["pca"]):
        kind = "plain" if "--plain" in words else words[0]
        hnn_sweep(program, "export", *words, pipeline, "-o", folder / kind)
    hnn_sweep(program, "export", "dipole-txt", pipeline, "-o", folder / "all", "--all-digits")

    net = calcium_model(mesh_shape=(2, 2))
    net.add_electrode_array("deep", ARRAYS["deep"])
    net.add_electrode_array("single", ARRAYS["single"], method="lsa")
    # BatchSimulate cannot be asked for calcium: it saves what is never recorded.
    hnn_core.batch_simulate.simulate_dipole = functools.partial(simulate_dipole, record_ca="soma")
    saved = {f"save_{what}": True for what in ("lfp", "voltages", "currents", "calcium")}
    original(folder / "theirs", net, 12.0, WEIGHTS, record_vsec="all", record_isec="soma", **saved, **options)

    files, theirs = load(folder / "npz"), load(folder / "theirs")
    print(f"NumPy {np.__version__}, hnn-core {hnn_core.__version__}")
    print("npz:   ", check_npz(files, theirs))
    print("plain: ", check_plain(folder / "plain", files))
    print("text:  ", check_text(folder, files))
    print("sbi:   ", check_sbi(folder / "sbi", files))
    print("pca:   ", check_pca(folder / "pca", files))


def size(folder):
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


def sizes(program, folder):
    print("| sweep, 170 ms, dt 0.025 | BatchSimulate's npz | tables | share | whole folder | share |")
    print("|---|---|---|---|---|---|")
    for mesh, n in ([3, 3], 8), ([10, 10], 2):
        name = f"{mesh[0]}x{mesh[1]}, {n} simulations"
        weights = np.logspace(-3, -1, n).tolist()
        pipeline = folder / f"{mesh[0]}.toml"
        results = folder / f"results{mesh[0]}"
        options = dict(tstop=170.0, dt=0.025, n_trials=1, batch_size=100)
        pipeline.write_text(SIMULATION.format(folder=results, model="neymotin_2020", mesh=mesh, weights=weights, mu=40.0, **options))
        hnn_sweep(program, "run", pipeline, "--quiet")
        original(folder / name, neymotin_2020_model(mesh_shape=tuple(mesh)), 40.0, weights, **options)
        theirs, tables, whole = size(folder / name), size(results / "dipole") + size(results / "spikes"), size(results)
        print(f"| {name} | {theirs:,} | {tables:,} | {tables / theirs:.2f} | {whole:,} | {whole / theirs:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary")
    parser.add_argument("--sizes", action="store_true", help="measure the room that results take")
    arguments = parser.parse_args()
    program = binary(arguments.binary)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # A module of NumPy's that has moved would warn; hnn-core itself warns of other things.
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message=".*numpy.core.*")
        (sizes if arguments.sizes else check)(program, Path(folder))


if __name__ == "__main__":
    main()
