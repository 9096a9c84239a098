"""Simulators for inference and fits."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _hnn_sweep
from ._batch import BatchSimulate
from ._hnn_sweep import Table
from ._sweep import Path, Sweep


def evaluate(
    model: Path | BatchSimulate,
    sets: list[dict[str, Any]],
    *,
    folder: Path | None = None,
    n_jobs: int = 1,
) -> Table:
    """Simulate parameter sets, those that are not stored yet: for optimisers that ask and tell.

    Parameters
    ----------
    model : path or BatchSimulate
        A pipeline file, whose ``[[summary]]`` are computed, or a batch with a `simulation_func` that returns a dictionary of numbers.
    sets : list of dict
        A value for every parameter.
    folder : path, optional
        Folder of the results instead of the pipeline's.
    n_jobs : int
        Simulations at a time; 0 or -1 for all cores.

    Returns
    -------
    Table
        A row for each set, in their order: its parameters and statistics, which are NaN where the simulation failed. Of several trials the
        mean of their statistics.
    """
    if not sets:
        raise ValueError("give at least one parameter set")
    names = list(sets[0])
    columns: dict[str, list[Any]] = {name: [one[name] for one in sets] for name in names}
    for name, values in _statistics(model, sets, folder, n_jobs).items():
        columns[name] = values.tolist()
    return Table.from_columns(list(columns.items()))


def simulator(
    model: Path | BatchSimulate,
    *,
    parameters: list[str] | None = None,
    seed_parameter: str | None = None,
    seed: int = 0,
    folder: Path | None = None,
    n_jobs: int = 1,
) -> Callable[[Any], Any]:
    """Make a simulator for sbi of a pipeline, or of a batch.

    Parameters
    ----------
    model : path or BatchSimulate
        As for :func:`evaluate`.
    parameters : list of str, optional
        Names of theta's columns; by default the pipeline's parameters in the order of the file, without `seed_parameter`.
    seed_parameter : str, optional
        A parameter that gets another whole number for every row, so that equal thetas are simulated with other random numbers.
    seed : int
        Seed of those numbers.
    folder : path, optional
        Folder of the results instead of the pipeline's.
    n_jobs : int
        Simulations at a time; 0 or -1 for all cores.

    Returns
    -------
    callable
        ``simulate(theta)``: theta ``(d,)`` or ``(n, d)``, an array or a tensor, gives x ``(n, k)`` of the same kind in float32, with rows
        of NaN where a simulation failed.
    """
    if parameters is None:
        if isinstance(model, BatchSimulate):
            raise ValueError("name theta's columns: parameters=['weight', …]")
        parameters = [name for name in _hnn_sweep.Fit(os.fspath(model)).parameters if name != seed_parameter]
    names = list(parameters)
    seeds = np.random.default_rng(seed)

    def simulate(theta: Any) -> Any:
        values = np.atleast_2d(np.asarray(theta, dtype=np.float64))
        if values.shape[1] != len(names):
            raise ValueError(f"theta has {values.shape[1]} columns, and the parameters are {', '.join(names)}")
        sets: list[dict[str, Any]] = [dict(zip(names, map(float, row))) for row in values]
        if seed_parameter is not None:
            for one in sets:
                one[seed_parameter] = int(seeds.integers(2**31))
        x = np.stack(list(_statistics(model, sets, folder, n_jobs).values()), axis=1).astype(np.float32)
        if type(theta).__module__.split(".")[0] == "torch":
            import torch

            return torch.from_numpy(x)
        return x

    return simulate


def _statistics(
    model: Path | BatchSimulate, sets: list[dict[str, Any]], folder: Path | None, n_jobs: int
) -> dict[str, np.ndarray]:
    """Statistics by name, each with a value for each set."""
    if isinstance(model, BatchSimulate):
        return _of_batch(model, sets, n_jobs)
    fit = _hnn_sweep.Fit(os.fspath(model))
    parameters = [(name, [one[name] for one in sets]) for name in sets[0]]
    for one in sets:
        if set(one) != set(sets[0]):
            raise ValueError("give all parameter sets the same parameters")
    outcome = fit.evaluate(parameters, None if folder is None else os.fspath(folder), n_jobs)
    table = Sweep(outcome["folder"], outcome["name"]).summary
    points = np.asarray(table["point"])
    columns = {name: np.asarray(table[name]) for name in fit.statistics}
    return {
        name: np.array([_mean(values[points == point]) for point in range(len(sets))]) for name, values in columns.items()
    }


def _mean(values: np.ndarray) -> float:
    """A statistic of a point: the mean of its trials', or that of their mean as it stands in the rows of all."""
    if not values.size:
        return float("nan")
    same = bool((values == values[0]).all())
    return float(values[0] if same else values.mean())


def _of_batch(batch: BatchSimulate, sets: list[dict[str, Any]], n_jobs: int) -> dict[str, np.ndarray]:
    if batch.simulation_func is None:
        raise ValueError("give the batch a simulation_func that returns a dictionary of numbers")
    rows = [batch.simulation_func(result) for result in batch.simulate_batch(sets, n_jobs=n_jobs)]
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
