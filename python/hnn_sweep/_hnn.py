"""Results in hnn-core's own classes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ._hnn_sweep import Trial


def sim_data(net: Any, result: Trial | Exception, tstop: float, dt: float) -> dict[str, Any]:
    """A trial as hnn-core's NetworkBuilder leaves it, for its `_gather_trial_data`.

    A state that was not finite gives NaN and a warning: one such simulation must not end an optimisation.
    """
    cells = range(net._n_cells)
    types = [name for name, template in net.cell_types.items() if _measures_dipole(template)]
    arrays = net.rec_arrays
    if isinstance(result, Exception):
        warnings.warn(f"{result}: its dipole is NaN", RuntimeWarning, stacklevel=4)
        empty = _times(tstop, dt)
        return {
            "dpl_data": np.full((len(empty), len(types) + 1), np.nan),
            "spike_times": [],
            "spike_gids": [],
            "gid_ranges": net.gid_ranges,
            "vsec": {gid: {} for gid in cells},
            "isec": {gid: {} for gid in cells},
            "ca": {gid: {} for gid in cells},
            "rec_data": {name: np.full((len(array.positions), len(empty)), np.nan) for name, array in arrays.items()},
            "rec_times": {name: np.array(empty) for name in arrays},
            "times": empty,
        }
    times = np.asarray(result.times)
    moments = [np.asarray(moment) for moment in result.moments]
    data = np.zeros((len(times), len(moments) + 1))
    for column, moment in enumerate(moments, start=1):
        data[:, 0] += moment
        data[:, column] = moment
    return {
        "dpl_data": data if moments else np.array([]),
        "spike_times": np.asarray(result.spike_times).tolist(),
        "spike_gids": np.asarray(result.spike_gids).astype(float).tolist(),
        "gid_ranges": net.gid_ranges,
        **traces(result, cells),
        "rec_data": {name: np.array(result.lfp[name]) for name in arrays},
        "rec_times": {name: np.array(times) for name in arrays},
        "times": times.tolist(),
    }


def traces(result: Trial, cells: range) -> dict[str, Any]:
    """Voltages, currents and calcium by gid, as lists."""
    voltages, currents, calcium = result.voltages, result.currents, result.calcium
    return {
        "vsec": {gid: {s: _list(v) for s, v in voltages.get(gid, {}).items()} for gid in cells},
        "isec": {
            gid: {
                section: {f"{section}_{receptor}": _list(values) for receptor, values in synapses.items()}
                for section, synapses in currents.get(gid, {}).items()
            }
            for gid in cells
        },
        "ca": {gid: {s: _list(v) for s, v in calcium.get(gid, {}).items()} for gid in cells},
    }


def _list(values: Any) -> list[float]:
    return np.asarray(values).tolist()


def _measures_dipole(template: Any) -> bool:
    return bool(template["cell_metadata"].get("measure_dipole", False)) if isinstance(template, dict) else False


def _times(tstop: float, dt: float) -> list[float]:
    """NEURON's sample times (ms): two additions of half a step each."""
    times, t = [0.0], 0.0
    for _ in range(int(tstop * (1 + 1e-11) / dt + 1e-9)):
        t += 0.5 * dt
        t += 0.5 * dt
        times.append(t)
    return times
