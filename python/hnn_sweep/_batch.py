"""hnn-core's BatchSimulate on this solver."""

from __future__ import annotations

import copy
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from . import _hnn_sweep
from ._hnn import traces
from ._hnn_sweep import Network
from ._network import convert
from ._progress import progress
from ._result import Result
from ._set_params import copy_network, is_net_first
from ._sweep import Sweep

DATA = {  # hnn-core's names of results → tables
    "dpl": "dipole",
    "spiking": "spikes",
    "lfp": "lfp",
    "voltages": "voltages",
    "currents": "currents",
    "calcium": "calcium",
}


class BatchSimulate:
    """hnn-core's :class:`hnn_core.batch_simulate.BatchSimulate`: same arguments, same results, nothing simulated twice.

    Parameters
    ----------
    set_params : callable
        Changes a copy of `net` to the network of a parameter set: ``set_params(net, params)`` or ``set_params(params, net)``, see
        `order`. It must make the same network of the same values each time.
    net : hnn_core.Network, optional
        The network that every simulation starts from; ``neymotin_2020_model()`` by default.
    tstop, dt : float
        End of the simulations and time step (ms).
    n_trials : int
        Trials of each simulation. Raising it simulates the new ones only.
    save_folder : path
        Folder of the results.
    batch_size : int
        Most simulations that `summary_func` is called with at a time, and in one file.
    overwrite : bool
        Whether :meth:`export_npz` may replace files. Stored results are never replaced.
    save_outputs : bool
        Whether results are kept in `save_folder`, and found again. Without, as hnn-core's default has it, they are not.
    save_dpl, save_spiking, save_lfp, save_voltages, save_currents, save_calcium : bool
        What is returned, and kept.
    record_vsec, record_isec, record_ca : 'all', 'soma' or False
        Sections that are recorded; those of the somata if `save_voltages` and so on ask for more than this says. hnn-core's has no
        `record_ca`.
    postproc : bool
        Whether dipoles are smoothed and scaled as the parameters of the network say.
    clear_cache : bool
        Whether results are dropped as soon as `summary_func` has seen them.
    summary_func : callable, optional
        Called with the list of results of each batch.
    order : 'net, params' or 'params, net', optional
        How `set_params` is called. By default its parameters' names say it, else it is called as the installed hnn-core calls it.
    simulation_func : callable, optional
        Called with the results of each simulation; what it returns is in ``results["simulation_statistics"]``.
    name : str
        Name of the sweep in the folder's tables.

    Examples
    --------
    >>> import tempfile
    >>> from hnn_core import neymotin_2020_model
    >>> def set_params(net, params):
    ...     net.add_evoked_drive("evprox", mu=5.0, sigma=1.0, numspikes=1, location="proximal",
    ...                          weights_ampa={"L2_pyramidal": params["weight"]}, synaptic_delays={"L2_pyramidal": 0.1})
    >>> batch = BatchSimulate(set_params, net=neymotin_2020_model(mesh_shape=(2, 2)), tstop=20.0,
    ...                       save_folder=tempfile.mkdtemp(), save_outputs=True)
    >>> results = batch.run({"weight": [0.001, 0.01]}, verbose=False)
    >>> [one["param_values"]["weight"] for one in results["simulated_data"][0]]
    [0.001, 0.01]
    >>> batch.run({"weight": [0.001, 0.01]}, verbose=False) and batch.simulated
    0
    """

    def __init__(
        self,
        set_params: Callable[..., Any],
        net: Any = None,
        tstop: float = 170,
        dt: float = 0.025,
        n_trials: int = 1,
        save_folder: Any = "./sim_results",
        batch_size: int = 100,
        overwrite: bool = True,
        save_outputs: bool = False,
        save_dpl: bool = True,
        save_spiking: bool = False,
        save_lfp: bool = False,
        save_voltages: bool = False,
        save_currents: bool = False,
        save_calcium: bool = False,
        record_vsec: Any = False,
        record_isec: Any = False,
        postproc: bool = False,
        clear_cache: bool = False,
        summary_func: Callable[[list], Any] | None = None,
        *,
        record_ca: Any = False,
        order: str | None = None,
        simulation_func: Callable[[dict], Any] | None = None,
        name: str = "batch_simulate",
    ) -> None:
        from hnn_core import Network as HnnNetwork
        from hnn_core import neymotin_2020_model
        from hnn_core.externals.mne import _check_option, _validate_type

        if net is None:
            net = neymotin_2020_model()
        _validate_type(net, HnnNetwork, "net", "Network")
        for value, what in ((tstop, "tstop"), (dt, "dt")):
            _validate_type(value, types="numeric", item_name=what)
        for value, what in ((n_trials, "n_trials"), (batch_size, "batch_size")):
            _validate_type(value, types="int", item_name=what)
        _validate_type(save_folder, types="path-like", item_name="save_folder")
        flags = dict(
            save_outputs=save_outputs,
            save_dpl=save_dpl,
            save_spiking=save_spiking,
            save_lfp=save_lfp,
            save_voltages=save_voltages,
            save_currents=save_currents,
            save_calcium=save_calcium,
            clear_cache=clear_cache,
        )
        for what, flag in flags.items():
            _validate_type(flag, types=(bool,), item_name=what)
        for value, what in ((record_vsec, "record_vsec"), (record_isec, "record_isec"), (record_ca, "record_ca")):
            _check_option(what, value, ["all", "soma", False])
        if not callable(set_params):
            raise TypeError("set_params must be a callable function")
        for function, what in ((summary_func, "summary_func"), (simulation_func, "simulation_func")):
            if function is not None and not callable(function):
                raise TypeError(f"{what} must be a callable function")
        self.set_params = set_params
        self.net = net
        self.tstop = tstop
        self.dt = dt
        self.n_trials = n_trials
        self.save_folder = save_folder
        self.batch_size = batch_size
        self.overwrite = overwrite
        self.save_outputs = save_outputs
        self.save_dpl = save_dpl
        self.save_spiking = save_spiking
        self.save_lfp = save_lfp
        self.save_voltages = save_voltages
        self.save_currents = save_currents
        self.save_calcium = save_calcium
        self.record_vsec = record_vsec
        self.record_isec = record_isec
        self.record_ca = record_ca
        self.postproc = postproc
        self.clear_cache = clear_cache
        self.summary_func = summary_func
        self.simulation_func = simulation_func
        self.name = name
        self.simulated = 0
        self._net_first = is_net_first(set_params, order)
        self._combinations: list[dict[str, Any]] = []

    def run(
        self,
        param_grid: dict[str, Any],
        return_output: bool = True,
        combinations: bool = True,
        n_jobs: int = 1,
        backend: str = "loky",
        verbose: bool = True,
    ) -> dict[str, Any] | None:
        """Simulate what is missing of a grid.

        Parameters
        ----------
        param_grid : dict
            Values of each parameter.
        return_output : bool
            Whether results are returned.
        combinations : bool
            Whether all combinations are simulated; otherwise the n-th values of all parameters together.
        n_jobs : int
            Simulations at a time, on threads of this process; 0 or -1 for all cores.
        backend : str
            Taken for hnn-core's sake: simulations run on threads.
        verbose : bool
            Whether progress is shown.

        Returns
        -------
        dict
            ``summary_statistics``, one entry for each batch, and ``simulated_data``, a list for each batch, as hnn-core has them;
            ``simulation_statistics`` if there is a `simulation_func`.
        """
        from hnn_core.externals.mne import _check_option, _validate_type

        _validate_type(param_grid, types=(dict,), item_name="param_grid")
        _validate_type(n_jobs, types="int", item_name="n_jobs")
        _check_option("backend", backend, ["loky", "threading", "multiprocessing", "dask"])
        _validate_type(verbose, types=(bool,), item_name="verbose")
        sets = self._generate_param_combinations(param_grid, combinations)
        self._combinations = sets
        summaries: list[Any] = []
        data: list[list[dict[str, Any]]] = []
        statistics: list[Any] = []
        for batch in self._simulate(sets, self.name, n_jobs, verbose):
            if self.summary_func is not None:
                summaries.append(self.summary_func(batch))
            if self.simulation_func is not None:
                statistics.extend(self.simulation_func(one) for one in batch)
            if not self.clear_cache and (return_output or self.summary_func is not None):
                data.append(batch)
        if not return_output:
            return None
        results: dict[str, Any] = {"summary_statistics": summaries}
        if not self.clear_cache:
            results["simulated_data"] = data
        if self.simulation_func is not None:
            results["simulation_statistics"] = statistics
        return results

    def simulate_batch(
        self, param_combinations: list[dict[str, Any]], n_jobs: int = 1, backend: str = "loky"
    ) -> list[dict[str, Any]]:
        """Simulate what is missing of a list of parameter sets, and return the results of each."""
        from hnn_core.externals.mne import _check_option, _validate_type

        _validate_type(param_combinations, types=(list,), item_name="param_combinations")
        _validate_type(n_jobs, types="int", item_name="n_jobs")
        _check_option("backend", backend, ["loky", "threading", "multiprocessing", "dask"])
        name = f"{self.name}.simulate_batch"
        return [one for batch in self._simulate(param_combinations, name, n_jobs, False) for one in batch]

    def network(self, param_values: dict[str, Any]) -> Any:
        """The network that `set_params` makes of a parameter set."""
        net = copy_network(self.net)
        if self._net_first:
            self.set_params(net, param_values)
        else:
            self.set_params(param_values, net)
        return net

    @property
    def sweep(self) -> Sweep:
        """The tables of the latest :meth:`run` in `save_folder`."""
        return Sweep(self.save_folder, self.name)

    def export_npz(self, folder: Any = None) -> list[str]:
        """Write the results of the latest :meth:`run` as hnn-core's ``sim_run_{start}-{end}.npz``; returns the files.

        Raises
        ------
        FileExistsError
            If a file is there and `overwrite` is False; nothing is written then.
        """
        folder = os.fspath(self.save_folder if folder is None else folder)
        batches = list(self._stored())
        names, start = [], 0
        for batch in batches:
            end = start + len(batch["param_values"])
            names.append(os.path.join(folder, f"sim_run_{start}-{end}.npz"))
            start = end
        there = [name for name in names if os.path.exists(name)]
        if there and not self.overwrite:
            raise FileExistsError(f"File {there[0]} already exists and overwrite is set to False.")
        os.makedirs(folder, exist_ok=True)
        metadata = {"batch_size": self.batch_size, "n_trials": self.n_trials, "tstop": self.tstop, "dt": self.dt}
        for name, batch in zip(names, batches):
            members: dict[str, Any] = {**batch, "metadata": metadata}
            np.savez(name, **members)
        return names

    def load_results(self, file_path: Any, return_data: list[str] | None = None) -> dict[str, Any]:
        """Load what :meth:`export_npz`, or hnn-core's BatchSimulate, has written."""
        wanted = self._wanted() if return_data is None else return_data
        with np.load(file_path, allow_pickle=True) as data:
            return {key: data[key].tolist() for key in data.files if key in wanted or key == "param_values"}

    def load_all_results(self) -> list[dict[str, Any]]:
        """Load the results of the latest :meth:`run` from `save_folder`: a dictionary for each batch, in the order of the grid."""
        return list(self._stored())

    def _stored(self) -> Iterator[dict[str, Any]]:
        about = Sweep(self.save_folder, self.name).sweeps[self.name]
        sets = self._combinations
        if len(sets) != about["n_points"]:
            folder = _hnn_sweep.Folder(os.fspath(self.save_folder))
            stored = folder.load(self.name, 0, about["n_points"], [])
            sets = [one["param_values"] for one in stored]
        made = [self._about(self.network(values), None)[0] for values in sets]
        for batch in self._results(self.save_folder, self.name, sets, made):
            keys = ["param_values", *self._wanted()]
            yield {key: [one[key] for one in batch] for key in keys}

    def _kept(self, made: list[dict[str, Any]]) -> list[str]:
        """What is stored: what is asked for, and what ``result["net"]`` has beside it: spikes, potentials and what is recorded."""
        kept = {key for key in DATA if getattr(self, f"save_{key}")} | {"spiking"}
        if all(about["rec_arrays"] for about in made):
            kept.add("lfp")
        for key, record in (("voltages", "record_vsec"), ("currents", "record_isec"), ("calcium", "record_ca")):
            if getattr(self, record):
                kept.add(key)
        return [key for key in DATA if key in kept]

    def _wanted(self) -> list[str]:
        return [key for key in DATA if getattr(self, f"save_{key}")]

    def _generate_param_combinations(self, param_grid: dict[str, Any], combinations: bool = True) -> list[dict]:
        if not param_grid:
            return [{}]
        values = [list(value) for value in param_grid.values()]
        if not combinations and len({len(value) for value in values}) > 1:
            lengths = ", ".join(f"{name}: {len(value)}" for name, value in zip(param_grid, values))
            raise ValueError(f"the lists of values must be equally long without combinations, but have {lengths}")
        points = product(*values) if combinations else zip(*values)
        return [dict(zip(param_grid, point)) for point in points]

    def _simulate(self, sets: list[dict], name: str, n_jobs: int, verbose: bool) -> Iterator[list[dict]]:
        if not sets:
            return
        networks: list[Network] = []
        made: list[dict[str, Any]] = []
        for values in sets:
            about, network = self._about(self.network(values), networks[0] if networks else None)
            networks.append(network)
            made.append(about)
        outputs = {key: getattr(self, key) for key in ("record_vsec", "record_isec", "record_ca")}
        kept = self._kept(made)
        outputs.update({f"save_{key}": key in kept for key in DATA})
        if self.save_lfp and not any(about["rec_arrays"] for about in made):
            raise ValueError("save_lfp asks for potentials, but no network has an electrode array: add one with add_electrode_array")
        temporary = None if self.save_outputs else tempfile.TemporaryDirectory(prefix="hnn_sweep_")
        try:
            folder = os.fspath(self.save_folder) if temporary is None else temporary.name
            shown = progress(name, verbose)
            try:
                outcome = _hnn_sweep.run_networks(
                    networks, _columns(sets), name, folder, self.batch_size, self.n_trials,
                    float(self.tstop), float(self.dt), outputs, n_jobs, False, shown,
                )  # fmt: skip
            finally:
                if shown is not None:
                    shown.close()
            self.simulated = outcome["simulated"]
            yield from self._results(folder, name, sets, made)
        finally:
            if temporary is not None:
                temporary.cleanup()

    def _about(self, net: Any, first: Network | None) -> tuple[dict[str, Any], Network]:
        """What results need of a network, and the network for the solver."""
        network = convert(net)
        if first is not None:
            network = network.sharing(first)
        about = {
            "gid_ranges": net.gid_ranges,
            "cell_types": list(net.cell_types),
            "n_cells": net._n_cells,
            "rec_arrays": net.rec_arrays,
            "smooth_win": net._params.get("dipole_smooth_win", 0),
            "scalefctr": net._params.get("dipole_scalefctr", 0),
        }
        return about, network

    def _results(self, folder: Any, name: str, sets: list[dict], made: list[dict]) -> Iterator[list[dict]]:
        store = _hnn_sweep.Folder(os.fspath(folder))
        tables = [DATA[key] for key in self._kept(made)]
        for start in range(0, len(sets), self.batch_size):
            end = min(start + self.batch_size, len(sets))
            loaded = store.load(name, start, end, tables)
            yield [
                self._result(one["trials"], values, about)
                for one, values, about in zip(loaded, sets[start:end], made[start:end], strict=True)
            ]

    def _result(self, trials: list[Any], values: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
        from hnn_core.cell_response import CellResponse
        from hnn_core.dipole import Dipole

        failures = [trial for trial in trials if not isinstance(trial, _hnn_sweep.Trial)]
        if failures:
            warnings.warn(f"the simulation at {values} failed: {failures[0]}; its dipole is NaN", RuntimeWarning, stacklevel=5)
        n_samples = int(self.tstop * (1 + 1e-11) / self.dt + 1e-9) + 1
        rec_arrays = copy.deepcopy(about["rec_arrays"])
        response: Any = None
        dipoles = []
        for trial in trials:
            done = isinstance(trial, _hnn_sweep.Trial)
            times = np.array(trial.times) if done else np.arange(n_samples) * self.dt
            if response is None:
                response = CellResponse(cell_type_names=about["cell_types"], times=times)
            if self.save_dpl:
                layers = (trial.agg, trial.l2, trial.l5) if done else np.full((3, n_samples), np.nan)
                dipole = Dipole(times, np.stack([np.asarray(layer) for layer in layers], axis=1))
                if self.postproc:
                    if about["smooth_win"] > 0:
                        dipole.smooth(window_len=about["smooth_win"])
                    if about["scalefctr"] > 0:
                        dipole.scale(about["scalefctr"])
                dipoles.append(dipole)
            response._spike_times.append(np.asarray(trial.spike_times).tolist() if done else [])
            response._spike_gids.append(np.asarray(trial.spike_gids).astype(float).tolist() if done else [])
            recorded = traces(trial, range(about["n_cells"])) if done else {"vsec": {}, "isec": {}, "ca": {}}
            response._vsec.append(recorded["vsec"])
            response._isec.append(recorded["isec"])
            response._ca.append(recorded["ca"])
            for key, array in rec_arrays.items():
                if done and key in trial.lfp:
                    array._data.append(np.array(trial.lfp[key]))
                    array._times = times
        response.update_types(about["gid_ranges"])
        result: dict[str, Any] = Result(self, values, response, rec_arrays)
        result["param_values"] = values
        if self.save_dpl:
            result["dpl"] = dipoles
        if self.save_spiking:
            result["spiking"] = {
                "spike_times": response.spike_times,
                "spike_types": response.spike_types,
                "spike_gids": response.spike_gids,
            }
        if self.save_lfp:
            result["lfp"] = rec_arrays
        if self.save_voltages:
            result["voltages"] = response.vsec
        if self.save_currents:
            result["currents"] = response.isec
        if self.save_calcium:
            result["calcium"] = response.ca
        return result


def _columns(sets: list[dict[str, Any]]) -> list[tuple[str, list[Any]]]:
    """Columns of the tables. What is no number, string or boolean is there in words; the network alone decides what is simulated."""
    columns = []
    for name in sets[0]:
        if any(set(one) != set(sets[0]) for one in sets):
            raise ValueError("give all parameter sets the same parameters")
        values = [_plain(one[name]) for one in sets]
        kinds = {str if isinstance(v, str) else bool if isinstance(v, bool) else float if isinstance(v, (int, float)) else None for v in values}
        if len(kinds) > 1 or None in kinds or not all(np.isfinite(v) for v in values if isinstance(v, float)):
            values = [repr(one[name]) for one in sets]
        columns.append((_column_name(name), values))
    return columns


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _column_name(name: Any) -> str:
    """A name that a column may have."""
    plain = re.sub(r"\W", "_", str(name))
    plain = plain if re.match(r"[A-Za-z_]", plain) else f"_{plain}"
    return f"{plain}_" if plain in _hnn_sweep.RESERVED else plain
