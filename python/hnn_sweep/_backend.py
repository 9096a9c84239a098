"""hnn-core's programs on this solver: a back-end, and a switch for a whole process."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable
from typing import Any

from . import _hnn_sweep
from ._hnn import sim_data
from ._hnn_sweep import NetworkError
from ._network import convert, document, from_document


class Backend:
    """A back-end for hnn-core: what is simulated within ``with Backend():`` is simulated here.

    Parameters
    ----------
    n_jobs : int
        Trials at a time, on threads of this process; 0 or -1 for all cores.

    Notes
    -----
    Work that joblib hands to other processes meanwhile, as ``hnn_core.batch_simulate.BatchSimulate(...).run(n_jobs=2)`` does,
    is simulated here, too. Processes that a program starts by other means know nothing of this back-end: set it in them.

    Examples
    --------
    >>> from hnn_core import neymotin_2020_model, simulate_dipole
    >>> net = neymotin_2020_model(add_drives_from_params=True, mesh_shape=(3, 3))
    >>> with Backend(n_jobs=2):
    ...     dpls = simulate_dipole(net, tstop=20.0, n_trials=2, verbose=False)
    >>> len(dpls)
    2
    """

    def __init__(self, n_jobs: int = 1) -> None:
        self.n_jobs = n_jobs
        self._old: list[Any] = []
        self._stop = _hnn_sweep.Stop()

    def __enter__(self) -> Backend:
        from hnn_core import parallel_backends

        self._old.append(parallel_backends._BACKEND)
        parallel_backends._BACKEND = self
        _Workers.add(_with_backend)
        return self

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> None:
        from hnn_core import parallel_backends

        _Workers.remove(_with_backend)
        parallel_backends._BACKEND = self._old.pop()

    def simulate(self, net: Any, tstop: float, dt: float, n_trials: int, postproc: bool = False) -> list[Any]:
        """Simulate trials of a network: hnn-core's back-end protocol.

        Parameters
        ----------
        net : hnn_core.Network
            The network, with its drives' events as ``simulate_dipole`` has made them.
        tstop, dt : float
            End of the simulation and time step (ms).
        n_trials : int
            Number of trials.
        postproc : bool
            Whether the dipoles are smoothed and scaled as the network's parameters say.

        Returns
        -------
        list of hnn_core.dipole.Dipole
            One for each trial; everything else goes into the network, as with hnn-core's own back-ends.
        """
        from hnn_core.parallel_backends import _gather_trial_data

        self._stop = _hnn_sweep.Stop()
        verbose = getattr(net, "_verbose", True)
        results = _simulate(net, tstop, dt, n_trials, self.n_jobs, verbose, self._stop)
        trials = [sim_data(net, result, tstop, dt) for result in results]
        return _gather_trial_data(trials, net=net, n_trials=n_trials, postproc=postproc)

    def terminate(self) -> None:
        """Stop what is being simulated, from another thread."""
        self._stop.set()


def _simulate(
    net: Any, tstop: float, dt: float, n_trials: int, n_jobs: int, verbose: bool, stop: _hnn_sweep.Stop
) -> list[Any]:
    network = convert(net)
    params = net._params
    vsec, isec, ca = [params.get(key, False) for key in ("record_vsec", "record_isec", "record_ca")]

    def finished(trial: int) -> None:
        print(f"Trial {trial + 1}: {round(tstop, 2)} ms...")

    def simulate(network: _hnn_sweep.Network, trials: list[int]) -> list[Any]:
        show = finished if verbose else None
        return network.simulate(tstop, dt, trials, vsec, isec, ca, bool(net.rec_arrays), n_jobs, show, stop)

    edited = [trial for trial in range(n_trials) if not _as_made(net, network, tstop, trial)]
    if not edited:
        return simulate(network, list(range(n_trials)))
    results = []
    for trial in range(n_trials):
        own = with_events(net, trial) if trial in edited else network
        results.extend(simulate(own, [trial]))
    return results


def _as_made(net: Any, network: _hnn_sweep.Network, tstop: float, trial: int) -> bool:
    """Whether the events that the network holds are those that its drives make."""
    made: dict[str, Any] | None = None
    for name, drive in net.external_drives.items():
        held = drive["events"]
        if not held:
            continue  # not instantiated
        if trial >= len(held):
            raise NetworkError(f"drive {name!r} has events for {len(held)} trials, not for trial {trial}")
        if made is None:
            made = network.events(tstop, trial)
        if not _equal(made[name], held[trial]):
            return False
    return True


def _equal(made: list[list[float]], held: Any) -> bool:
    """Whether events are equal, whatever they are held in. Of a cell that never fires hnn-core may have more lists than cells."""
    held = [[float(time) for time in times] for times in held]
    return made == held[: len(made)] if len(held) >= len(made) else made[: len(held)] == held and not any(made[len(held) :])


def with_events(net: Any, trial: int) -> _hnn_sweep.Network:
    """The network with the events that it holds, as they are."""
    made = document(net)
    for name, drive in net.external_drives.items():
        held = drive["events"]
        if not held:
            continue
        own = made["external_drives"][name]
        gids = net.gid_ranges[name]
        connected = _sources(net) if drive["cell_specific"] else None
        times: list[float] = []
        cells: list[int] = []
        for index, gid in enumerate(gids):
            if connected is not None and gid not in connected:
                continue  # hnn-core does not make such a cell
            if index >= len(held[trial]):
                raise NetworkError(f"drive {name!r} has events for {len(held[trial])} of its {len(gids)} cells")
            own_times = [float(time) for time in held[trial][index]]
            times.extend(own_times)
            cells.extend([index] * len(own_times))
        own.update(type="spike_train", dynamics={"times": times, "gids": cells}, cell_specific=False)
    return from_document(made)


def _sources(net: Any) -> set[int]:
    pairs = (conn["gid_pairs"].items() for conn in net.connectivity)
    return {src for items in pairs for src, targets in items if len(targets) > 0}


def use(active: bool = True) -> None:
    """Simulate everything that hnn-core simulates in this process here, whatever back-end a program sets itself.

    Parameters
    ----------
    active : bool
        False puts hnn-core's own back-ends in their places again.
    """
    from hnn_core import parallel_backends

    for name in ("JoblibBackend", "MPIBackend"):
        backend = getattr(parallel_backends, name, None)
        if backend is None:
            continue
        own = _REPLACED.get(name)
        if active and own is None:
            _REPLACED[name] = backend.simulate
            backend.simulate = _instead(backend.simulate)
        elif not active and own is not None:
            backend.simulate = _REPLACED.pop(name)
    if active != _Workers.has(_with_use):
        (_Workers.add if active else _Workers.remove)(_with_use)


_REPLACED: dict[str, Callable[..., Any]] = {}


def _instead(simulate: Callable[..., Any]) -> Callable[..., Any]:
    """A back-end's method that simulates here."""

    @functools.wraps(simulate)
    def here(self: Any, net: Any, tstop: float, dt: float, n_trials: int, postproc: bool = False) -> list[Any]:
        n_jobs = getattr(self, "n_jobs", None) or getattr(self, "n_procs", None) or 1
        return Backend(n_jobs).simulate(net, tstop, dt, n_trials, postproc)

    return here


class _Workers:
    """While a back-end is set, functions that joblib calls in other processes are called with it, too.

    Those processes import hnn_core afresh and know of no back-end: without this they would simulate on NEURON in silence.
    """

    _wrappers: list[Callable[..., Any]] = []
    _call: Callable[..., Any] | None = None

    @classmethod
    def add(cls, wrapper: Callable[..., Any]) -> None:
        cls._wrappers.append(wrapper)
        if "joblib" in sys.modules:
            cls._replace()
        elif _FINDER not in sys.meta_path:
            sys.meta_path.insert(0, _FINDER)

    @classmethod
    def remove(cls, wrapper: Callable[..., Any]) -> None:
        cls._wrappers.remove(wrapper)
        if not cls._wrappers and _FINDER in sys.meta_path:
            sys.meta_path.remove(_FINDER)
        if not cls._wrappers and cls._call is not None:
            sys.modules["joblib"].Parallel.__call__ = cls._call
            cls._call = None

    @classmethod
    def _replace(cls) -> None:
        if cls._wrappers and cls._call is None:
            parallel = sys.modules["joblib"].Parallel
            cls._call = parallel.__call__
            parallel.__call__ = cls._replacement(parallel.__call__)

    @classmethod
    def has(cls, wrapper: Callable[..., Any]) -> bool:
        return wrapper in cls._wrappers

    @classmethod
    def _replacement(cls, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def parallel(self: Any, iterable: Any) -> Any:
            wrapper = cls._wrappers[-1] if cls._wrappers else None
            if wrapper is None:
                return call(self, iterable)
            return call(self, ((wrapper, (function, *args), kwargs) for function, args, kwargs in iterable))

        return parallel


class _WhenImported:
    """Finds joblib for whoever imports it while a back-end is set, so that it is known to :class:`_Workers` at once.

    To import it for that reason would cost programs which never do so a tenth of a second.
    """

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "joblib":
            return None
        # One search is enough, and this one must not find itself.
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_replace(module: Any) -> None:
                execute(module)
                _Workers._replace()

            spec.loader.exec_module = execute_and_replace  # type: ignore[method-assign]
        return spec


_FINDER = _WhenImported()


def _with_backend(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function with the back-end, in this process or in another."""
    from hnn_core import parallel_backends

    if isinstance(parallel_backends._BACKEND, Backend):
        return function(*args, **kwargs)
    with Backend():
        return function(*args, **kwargs)


def _with_use(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The same for :func:`use`."""
    if _REPLACED:
        return function(*args, **kwargs)
    use()
    try:
        return function(*args, **kwargs)
    finally:
        use(False)
