"""Pipeline files, and folders of results."""

from __future__ import annotations

import base64
import builtins
import html
import os
from collections.abc import Sequence
from typing import Any, Union

from . import _hnn_sweep
from ._hnn_sweep import PipelineError, StoreError, Table
from ._picture import Figure
from ._progress import progress

Path = Union[str, "os.PathLike[str]"]


def run(
    file: Path,
    *,
    folder: Path | None = None,
    n_jobs: int = -1,
    retry_failed: bool = False,
    time_limit: float | None = None,
    replace: bool = False,
    among_other_files: bool = False,
    verbose: bool = True,
) -> Sweep:
    """Run a pipeline file: simulate what is missing, and keep every result.

    Parameters
    ----------
    file : path
        The pipeline, in TOML.
    folder : path, optional
        Folder of the results instead of the pipeline's ``save_folder``.
    n_jobs : int
        Simulations at a time; 0 or -1 for all cores.
    retry_failed : bool
        Whether what failed before is simulated again.
    time_limit : float, optional
        Longest time (s) of a simulation.
    replace : bool
        Whether the sweep that another file has run under the same name may be replaced.
    among_other_files : bool
        Whether the folder may hold files of others.
    verbose : bool
        Whether progress is shown.

    Returns
    -------
    Sweep
        The results. A simulation that fails ends nothing: see :attr:`Sweep.failed`.

    Raises
    ------
    PipelineError
        If the file asks for what cannot be, with its line and key.
    StoreError
        If the folder cannot be read or written.
    """
    shown = progress(os.path.basename(file), verbose)
    try:
        outcome = _hnn_sweep.run(
            os.fspath(file),
            {
                "retry_failed": retry_failed,
                "replace": replace,
                "among_other_files": among_other_files,
            },
            None if folder is None else os.fspath(folder),
            n_jobs,
            time_limit,
            shown,
        )
    finally:
        if shown is not None:
            shown.close()
    return Sweep(outcome["folder"], outcome["name"], outcome)


def plan(file: Path, *, folder: Path | None = None) -> tuple[int, int]:
    """How many simulations a pipeline has, and how many of them are missing."""
    return _hnn_sweep.plan(os.fspath(file), None if folder is None else os.fspath(folder))


def open(folder: Path, sweep: str | None = None) -> Sweep:
    """Open a folder of results: one of its sweeps, or all of them together."""
    return Sweep(os.fspath(folder), sweep)


class Sweep:
    """Results of a sweep, or of all sweeps of a folder. Nothing is read before it is asked for.

    The tables are Arrow: ``polars.DataFrame``, ``pandas.DataFrame``, ``pyarrow.table`` and DuckDB take them as they are, and
    ``table["column"]`` gives one column.
    """

    THUMBNAILS = 400  # a notebook draws the dipoles of sweeps that have no more simulations

    def __init__(self, folder: Path, name: str | None = None, outcome: dict[str, Any] | None = None) -> None:
        self._folder = _hnn_sweep.Folder(os.fspath(folder))
        self.name = name
        self._outcome = outcome
        known = list(self._folder.sweeps())
        if name is not None and name not in known:
            raise ValueError(f"{folder} holds no sweep {name!r}; there are {', '.join(known)}")

    @property
    def folder(self) -> str:
        """The folder."""
        return os.fspath(self._folder.path)

    @property
    def sweeps(self) -> dict[str, dict[str, Any]]:
        """What is in the folder, by sweep."""
        return self._folder.sweeps()

    @property
    def simulated(self) -> int:
        """Simulations that the run which gave this did; 0 for a folder that was opened."""
        return 0 if self._outcome is None else self._outcome["simulated"]

    @property
    def failed(self) -> list[dict[str, Any]]:
        """Simulations that failed: ``sim``, ``trial``, ``parameters`` and ``error`` of each."""
        if self._outcome is not None:
            return self._outcome["failed"]
        table = self.simulations
        rows = zip(table["sim"], table["trial"], table["status"], table["error"])
        return [
            {"sim": int(sim), "trial": int(trial), "error": f"{status.removeprefix('failed: ')}: {error}"}
            for sim, trial, status, error in rows
            if error is not None
        ]

    def table(self, name: str, sim: int | None = None) -> Table:
        """A table of the sweep; of one simulation only, if `sim` is given."""
        return self._folder.table(name, self.name, None if sim is None else {sim})

    @property
    def simulations(self) -> Table:
        """A row for each simulation and trial, with its parameters and how it ended."""
        return self.table("simulations")

    @property
    def summary(self) -> Table:
        """A row for each simulation and trial, with its parameters and statistics."""
        return self.table("summary")

    @property
    def former(self) -> Table:
        """As `simulations`, for points that have left the grid."""
        return self.table("former")

    @property
    def dipole(self) -> Table:
        """A row for each sample: time (ms), agg, L2 and L5 (nAm)."""
        return self.table("dipole")

    @property
    def spikes(self) -> Table:
        """A row for each spike: time (ms), gid and cell_type."""
        return self.table("spikes")

    @property
    def lfp(self) -> Table:
        """A row for each sample of a contact: time (ms) and potential (uV)."""
        return self.table("lfp")

    @property
    def voltages(self) -> Table:
        """A row for each trace of a membrane potential (mV)."""
        return self.table("voltages")

    @property
    def currents(self) -> Table:
        """A row for each trace of a synaptic current (nA)."""
        return self.table("currents")

    @property
    def calcium(self) -> Table:
        """A row for each trace of a calcium concentration (mM)."""
        return self.table("calcium")

    def dipoles(self, sim: int) -> list[Any]:
        """Dipoles of a simulation, one per trial, as :class:`hnn_core.dipole.Dipole`.

        Raises
        ------
        ImportError
            If hnn_core is not installed.
        ValueError
            If the simulation has no dipoles.
        """
        import numpy as np
        from hnn_core.dipole import Dipole

        table = self.table("dipole", sim)
        trial = np.asarray(table["trial"])
        if not trial.size:
            raise ValueError(f"{self.folder} has no dipoles of simulation {sim}; the column `sim` of `simulations` counts them")
        columns = {name: np.asarray(table[name]) for name in ("time", "agg", "L2", "L5")}
        dipoles = []
        for number in np.unique(trial):
            own = trial == number
            data = np.stack([columns[name][own] for name in ("agg", "L2", "L5")], axis=1)
            dipoles.append(Dipole(columns["time"][own], data))
        return dipoles

    def plot(
        self,
        kind: str = "dipoles",
        *,
        statistic: str | None = None,
        x: str | None = None,
        y: str | None = None,
        colour: str | None = None,
        layer: str = "agg",
        smooth: float = 30.0,
        sim: int | None = None,
        where: str | Sequence[str] = (),
        target: Path | None = None,
        size: tuple[float, float] | None = None,
        style: str = "screen",
    ) -> Figure:
        """Draw a figure of the sweep: what ``hnn-sweep plot`` draws.

        Parameters
        ----------
        kind : str
            ``dipoles``, ``map``, ``against``, ``simulation``, ``cells``, ``target``, ``psd``, ``csd`` or ``coordinates``.
        statistic : str, optional
            Statistic of ``map``, ``cells`` and ``against``; by default the first.
        x, y : str, optional
            Parameters across and up; by default the first two that vary.
        colour : str, optional
            Parameter or statistic that colours lines and dots.
        layer : 'agg', 'L2' or 'L5'
            Layer of dipoles.
        smooth : float
            Width (ms) of hnn-core's smoothing window; 0 for none.
        sim : int, optional
            Simulation of ``simulation`` and ``csd``, by its number in the tables.
        where : str or list of str
            Conditions that all hold for the simulations that are drawn, such as ``"max_peak>0.01"``.
        target : path, optional
            Measured waveform of ``target``.
        size : (float, float), optional
            Width and height in pixels.
        style : 'screen' or 'paper'
            Light and dark as the reader's screen is, or black on white.

        Returns
        -------
        Figure
            A notebook shows it; ``save("figure.svg")`` writes it.
        """
        if style not in ("screen", "paper"):
            raise ValueError(f"style is 'screen' or 'paper', not {style!r}")
        drawing = {
            "sweep": self.name,
            "statistic": statistic,
            "x": x,
            "y": y,
            "colour": colour,
            "layer": layer,
            "smooth": float(smooth),
            "sim": sim,
            "conditions": [where] if isinstance(where, str) else list(where),
            "target": None if target is None else os.fspath(target),
            "size": size,
            "screen": style == "screen",
        }
        return Figure(*_hnn_sweep.plot(self._folder, kind, drawing))

    def report(self, file: Path = "report.html", *, max_size: int = 20_000_000) -> str:
        """Write one page that holds the sweep, for any browser: what ``hnn-sweep report`` writes.

        Parameters
        ----------
        file : path
            The page.
        max_size : int
            Bytes that it may have, about; waveforms and spikes are thinned to it.

        Returns
        -------
        str
            The page's path.
        """
        page, _ = _hnn_sweep.page(self._folder, self.name, max_size)
        with builtins.open(file, "w", encoding="utf-8") as out:
            out.write(page)
        return os.fspath(file)

    def _thumbnail(self, name: str, n_done: int) -> str:
        """The sweep's dipoles, small."""
        if not 0 < n_done <= self.THUMBNAILS:
            return ""
        try:
            figure = Sweep(self.folder, name).plot(size=(480, 280))
        except (PipelineError, StoreError):
            return ""  # it has no dipoles
        picture = base64.b64encode(figure.svg.encode()).decode("ascii")
        return f'<img alt="dipoles of {html.escape(name)}" src="data:image/svg+xml;base64,{picture}">'

    def _counts(self) -> dict[str, dict[str, Any]]:
        sweeps = self._folder.sweeps()
        return sweeps if self.name is None else {self.name: sweeps[self.name]}

    def __repr__(self) -> str:
        parts = [
            f"{name}: {about['n_points']} points, {about['done']} done, {about['failed']} failed"
            for name, about in self._counts().items()
        ]
        return f"<Sweep {self.folder} | {'; '.join(parts)}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{about['n_points']}</td><td>{about['n_trials']}</td>"
            f"<td>{about['done']}</td><td>{about['failed']}</td>"
            f"<td>{html.escape(', '.join(about['parameters']))}</td></tr>"
            for name, about in self._counts().items()
        )
        pictures = "".join(self._thumbnail(name, about["done"]) for name, about in list(self._counts().items())[:3])
        return (
            f"<p><code>{html.escape(self.folder)}</code></p><table><thead><tr><th>sweep</th><th>points</th>"
            "<th>trials</th><th>done</th><th>failed</th><th>parameters</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>{pictures}"
        )
