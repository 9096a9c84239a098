"""hnn-core's programs on this solver, and never in silence on NEURON."""

import os
import signal
import subprocess
import sys
import threading
import time

import hnn_sweep
import numpy as np
import pytest
from conftest import add_erp

hnn_core = pytest.importorskip("hnn_core")
from hnn_core import neymotin_2020_model, parallel_backends, simulate_dipole  # noqa: E402
from hnn_core.batch_simulate import BatchSimulate  # noqa: E402


@pytest.fixture
def no_neuron(monkeypatch):
    """NEURON cannot simulate in this process."""

    def refuse(*_):
        raise AssertionError("simulated on NEURON")

    monkeypatch.setattr(parallel_backends, "_simulate_single_trial", refuse)


def test_trials_are_the_same_on_any_number_of_threads(small, no_neuron):
    results = []
    for n_jobs in (1, 2, -1):
        with hnn_sweep.Backend(n_jobs=n_jobs):
            dipoles = simulate_dipole(small, tstop=20.0, n_trials=3, verbose=False)
        results.append([dipole.data["agg"].tolist() for dipole in dipoles] + small.cell_response.spike_times)
    assert results[0] == results[1] == results[2]


def test_progress_is_printed_as_hnn_core_does(small, no_neuron, capsys):
    with hnn_sweep.Backend():
        simulate_dipole(small, tstop=5.0, n_trials=2)
    assert "Trial 1" in capsys.readouterr().out
    with hnn_sweep.Backend():
        simulate_dipole(small, tstop=5.0, verbose=False)
    assert capsys.readouterr().out == ""


def test_back_ends_nest_and_are_put_back(small):
    assert parallel_backends._BACKEND is None
    with hnn_sweep.Backend() as outer:
        with hnn_sweep.Backend() as inner:
            assert parallel_backends._BACKEND is inner
        assert parallel_backends._BACKEND is outer
    assert parallel_backends._BACKEND is None


def test_events_edited_by_hand_are_simulated_as_they_are(small, no_neuron):
    backend = hnn_sweep.Backend()
    with backend:
        simulate_dipole(small, tstop=20.0, n_trials=2, verbose=False)
        as_made = small.cell_response.spike_times
        events = small.external_drives["evprox"]["events"]
        events[1] = [[time + 1.0 for time in times] for times in events[1]]
        backend.simulate(small, 20.0, 0.025, 2)
    assert small.cell_response.spike_times[0] == as_made[0]
    assert small.cell_response.spike_times[1] != as_made[1]
    gids = small.gid_ranges["evprox"]
    for trial in (0, 1):
        pairs = zip(small.cell_response.spike_gids[trial], small.cell_response.spike_times[trial])
        fired = sorted((int(gid) - gids[0], time) for gid, time in pairs if int(gid) in gids)
        wanted = sorted((cell, time) for cell, times in enumerate(events[trial]) for time in times if time <= 20.0)
        assert [cell for cell, _ in fired] == [cell for cell, _ in wanted]
        assert np.allclose([time for _, time in fired], [time for _, time in wanted], atol=1e-9, rtol=0)


def test_events_in_arrays_are_events(small, no_neuron):
    backend = hnn_sweep.Backend()
    with backend:
        simulate_dipole(small, tstop=20.0, verbose=False)
    as_made = small.cell_response.spike_times
    for drive in small.external_drives.values():
        drive["events"] = [[np.array(times) for times in trial] for trial in drive["events"]]
    backend.simulate(small, 20.0, 0.025, 1)
    assert small.cell_response.spike_times == as_made


def test_a_state_that_is_not_finite_is_nan_and_a_warning(small, no_neuron):
    for conn in small.connectivity:
        conn["nc_dict"]["A_weight"] = -1.0
    with hnn_sweep.Backend(), pytest.warns(RuntimeWarning, match="not finite"):
        (dipole,) = simulate_dipole(small, tstop=20.0, verbose=False)
    assert np.isnan(dipole.data["agg"]).all()
    assert len(dipole.times) == 801


def test_ctrl_c_stops_within_a_moment(small, no_neuron):
    def after(seconds):
        threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()
        return time.monotonic() + seconds

    with hnn_sweep.Backend(), pytest.raises(KeyboardInterrupt):
        due = after(1.0)
        hnn_sweep.convert(small).simulate(1e5, 0.025, [0], False, False, False, False)
    assert time.monotonic() - due < 1.0  # 0.2 s on a quiet machine
    with hnn_sweep.Backend():
        simulate_dipole(small, tstop=5.0, verbose=False)


def test_terminate_stops_from_another_thread(small, no_neuron):
    backend = hnn_sweep.Backend()
    with backend:
        simulate_dipole(small, tstop=5.0, verbose=False)
    small._reset_drives()
    threading.Timer(0.5, backend.terminate).start()
    with pytest.raises(hnn_sweep.SimulationError, match="interrupted"):
        backend.simulate(small, 1e5, 0.025, 1)


def counting(folder):
    """A set_params that leaves a mark for each simulation of this solver, and lets NEURON simulate nothing, in any process."""

    def set_params(params, net):
        from hnn_core import parallel_backends
        from hnn_sweep import Backend

        def refuse(*_):
            raise AssertionError("simulated on NEURON")

        parallel_backends._simulate_single_trial = refuse
        # Workers live on from one test to the next.
        Backend.calls = folder
        if not hasattr(Backend, "counted"):
            Backend.counted = simulate = Backend.simulate

            def count(self, *arguments):
                with open(Backend.calls / str(os.getpid()), "a", encoding="ascii") as file:
                    file.write(".")
                return simulate(self, *arguments)

            Backend.simulate = count
        add_erp(net, weight=params["weight"])

    return set_params


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("whole", [False, True])
def test_workers_of_joblib_simulate_here_too(backend, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(parallel_backends, "_simulate_single_trial", parallel_backends._simulate_single_trial)
    monkeypatch.setattr(hnn_sweep.Backend, "simulate", hnn_sweep.Backend.simulate)
    calls = tmp_path / "calls"
    calls.mkdir()
    batch = BatchSimulate(counting(calls), net=neymotin_2020_model(mesh_shape=(1, 1)), tstop=5.0)
    run = dict(n_jobs=2, backend=backend, verbose=False)
    if whole:
        hnn_sweep.use()
    try:
        if whole:
            batch.run({"weight": [0.01, 0.02, 0.03]}, **run)
        else:
            with hnn_sweep.Backend():
                batch.run({"weight": [0.01, 0.02, 0.03]}, **run)
    finally:
        hnn_sweep.use(False)
        if hasattr(hnn_sweep.Backend, "counted"):
            del hnn_sweep.Backend.counted
    assert sum(len(path.read_text()) for path in calls.iterdir()) == 3


def test_joblib_is_imported_by_none_but_who_needs_it():
    program = """
import sys
import hnn_core, hnn_sweep

def kind():
    from hnn_core import parallel_backends
    return type(parallel_backends._BACKEND).__module__

before = "joblib" in sys.modules
with hnn_sweep.Backend():
    assert ("joblib" in sys.modules) == before
    import joblib
    inside = joblib.Parallel(n_jobs=2)(joblib.delayed(kind)() for _ in range(2))
outside = joblib.Parallel(n_jobs=2)(joblib.delayed(kind)() for _ in range(2))
assert all(name.startswith("hnn_sweep") for name in inside), inside
assert outside == ["builtins"] * 2, outside
with hnn_sweep.Backend():
    again = joblib.Parallel(n_jobs=2)(joblib.delayed(kind)() for _ in range(2))
assert again == inside, again
assert not any(type(finder).__module__.startswith("hnn_sweep") for finder in sys.meta_path)
print(before)
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr


def test_use_replaces_back_ends_that_a_program_sets_itself(small, no_neuron):
    hnn_sweep.use()
    try:
        simulate_dipole(small, tstop=5.0, verbose=False)
        with parallel_backends.JoblibBackend(n_jobs=2):
            dipoles = simulate_dipole(small, tstop=5.0, n_trials=2, verbose=False)
        assert len(dipoles) == 2
    finally:
        hnn_sweep.use(False)
    with pytest.raises(AssertionError, match="on NEURON"):
        simulate_dipole(small, tstop=5.0, verbose=False)
