"""Networks from memory: the same network, bit for bit, as in the file that hnn-core writes; and the same spikes as on NEURON."""

import io
import os
import random

import hnn_sweep
import numpy as np
import pytest
from conftest import add_erp

hnn_core = pytest.importorskip("hnn_core")
from hnn_core import calcium_model, law_2021_model, neymotin_2020_model, simulate_dipole  # noqa: E402
from hnn_core.hnn_io import write_network_configuration  # noqa: E402


def of_file(net):
    text = io.StringIO()
    write_network_configuration(net, text)
    return hnn_sweep.Network.from_json(text.getvalue())


def on_neuron(net, tstop=30.0, n_trials=1, **record):
    dipoles = simulate_dipole(net, tstop=tstop, n_trials=n_trials, verbose=False, **record)
    return dipoles, net.cell_response


def on_backend(net, tstop=30.0, n_trials=1, **record):
    with hnn_sweep.Backend():
        return on_neuron(net, tstop, n_trials, **record)


def assert_equal(net, **options):
    """Spikes of all trials are equal in every bit, dipoles in 1e-9 of their range."""
    theirs, response = on_neuron(net, **options)
    times, gids, types = response.spike_times, response.spike_gids, response.spike_types
    ours, response = on_backend(net, **options)
    assert response.spike_times == times
    assert response.spike_gids == gids
    assert [list(map(str, trial)) for trial in response.spike_types] == [list(map(str, trial)) for trial in types]
    for one, other in zip(ours, theirs, strict=True):
        assert np.array_equal(one.times, other.times)
        for layer, values in other.data.items():
            assert np.abs(one.data[layer] - values).max() <= 1e-9 * np.ptp(values)
    return sum(len(trial) for trial in times)


@pytest.mark.parametrize("model", [neymotin_2020_model, law_2021_model, calcium_model])
def test_models_have_the_key_of_their_file(model):
    net = model(mesh_shape=(3, 2))
    add_erp(net)
    net.add_poisson_drive(
        "noise", tstart=2.0, rate_constant={"L5_pyramidal": 30.0}, location="distal", weights_ampa={"L5_pyramidal": 0.01},
        synaptic_delays=0.1, n_drive_cells="n_cells", cell_specific=True,
    )  # fmt: skip
    net.add_bursty_drive("alpha", tstart=5.0, burst_rate=50.0, burst_std=1.0, numspikes=2, spike_isi=5.0, location="proximal", n_drive_cells=3, weights_ampa={"L5_pyramidal": 0.01})
    net.add_tonic_bias(amplitude={"L5_pyramidal": 0.4}, t0=3.0, tstop=20.0)
    net.add_electrode_array("probe", [(5.0, 5.0, float(z)) for z in range(0, 1000, 300)])
    made, read = hnn_sweep.convert(net), of_file(net)
    for trial in range(3):
        assert made.key(30.0, trial=trial) == read.key(30.0, trial=trial)
    assert hnn_sweep.Network.from_json(made.to_json()) == made


def test_what_a_file_loses_is_carried(small):
    small.set_cell_positions(inplane_distance=30.0)
    small._params["threshold"] = 5.0
    small._params["dipole_smooth_win"] = 12.0
    made = hnn_sweep.convert(small)
    text = made.to_json()
    assert '"inplane_distance":30.0' in text and '"dipole_smooth_win":12.0' in text
    assert made != of_file(small)
    assert assert_equal(small) > 20


def test_numbers_of_numpy_are_numbers(small):
    for conn in small.connectivity:
        conn["nc_dict"]["A_weight"] = np.float64(conn["nc_dict"]["A_weight"])
        conn["gid_pairs"] = {np.int64(src): np.array(targets) for src, targets in conn["gid_pairs"].items()}
    small.external_drives["evprox"]["dynamics"]["numspikes"] = np.int32(1)
    net = neymotin_2020_model(mesh_shape=(2, 3))
    add_erp(net)
    assert hnn_sweep.convert(small).key(30.0) == hnn_sweep.convert(net).key(30.0)


def test_a_deleted_drive_leaves_its_gids(small):
    small.add_bursty_drive("alpha", tstart=5.0, burst_rate=50.0, burst_std=1.0, numspikes=2, spike_isi=5.0, location="proximal", n_drive_cells=3, weights_ampa={"L5_pyramidal": 0.01})
    del small.external_drives["evprox"]
    small.connectivity = [conn for conn in small.connectivity if conn["src_type"] != "evprox"]
    assert assert_equal(small, n_trials=2) > 10


def test_gids_may_have_gaps(small):
    small.add_bursty_drive("alpha", tstart=5.0, burst_rate=50.0, burst_std=1.0, numspikes=2, spike_isi=5.0, location="proximal", n_drive_cells=3, weights_ampa={"L5_pyramidal": 0.01})
    del small.external_drives["evdist"], small.gid_ranges["evdist"], small.pos_dict["evdist"]
    small.connectivity = [conn for conn in small.connectivity if conn["src_type"] != "evdist"]
    assert assert_equal(small, n_trials=2) > 10


def test_drives_that_were_cleared_are_gone(small):
    small.clear_drives()
    add_erp(small, weight=0.03)
    assert assert_equal(small) > 20


def test_a_gid_that_would_be_given_out_twice_is_refused(small):
    small._n_gids -= 1
    with pytest.raises(hnn_sweep.NetworkError, match="_n_gids"):
        hnn_sweep.convert(small)


def test_what_cannot_be_simulated_is_named(small):
    small.cell_types["L5_pyramidal"]["cell_object"].sections["soma"].mechs["hh2"]["gnabar_hh2"] = lambda x: x
    with pytest.raises(hnn_sweep.NetworkError, match="lambda"):
        hnn_sweep.convert(small)


def test_traces_and_potentials_are_those_of_neuron(small):
    small.add_electrode_array("probe", [(5.0, 5.0, float(z)) for z in range(0, 1500, 500)])
    record = dict(record_vsec="soma", record_isec="all", record_ca="all")
    _, theirs = on_neuron(small, **record)
    potentials = np.array(small.rec_arrays["probe"].voltages)
    _, ours = on_backend(small, **record)
    assert np.abs(np.array(small.rec_arrays["probe"].voltages) - potentials).max() <= 1e-9 * np.ptp(potentials)
    for name in ("vsec", "isec", "ca"):
        assert_nearly(getattr(ours, name), getattr(theirs, name))


def assert_nearly(ours, theirs):
    """Equal keys in equal order, and traces within 1e-9 of their range."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if theirs and isinstance(theirs[0], float):
        assert np.abs(np.array(ours) - theirs).max() <= 1e-9 * max(np.ptp(theirs), 1e-12)
        return
    for one, other in zip(ours, theirs, strict=True):
        assert_nearly(one, other)


EDITS = {}


def edit(function):
    EDITS[function.__name__] = function
    return function


def section(net, rng, kinds=("L5_pyramidal", "L2_pyramidal")):
    cell = net.cell_types[rng.choice([name for name in net.cell_types if name in kinds] or list(net.cell_types))]["cell_object"]
    return cell, rng.choice(list(cell.sections))


@edit
def length(net, rng):
    cell, name = section(net, rng)
    cell.modify_section(name, L=cell.sections[name].L * rng.uniform(0.7, 1.4))


@edit
def diameter_and_capacity(net, rng):
    cell, name = section(net, rng)
    cell.modify_section(name, diam=cell.sections[name].diam * rng.uniform(0.8, 1.3), cm=rng.uniform(0.6, 1.1), Ra=rng.uniform(150, 250))


@edit
def segments(net, rng):
    cell, name = section(net, rng)
    cell.sections[name].nseg = rng.choice([1, 3, 5])


@edit
def initial_potential(net, rng):
    cell, name = section(net, rng)
    cell.sections[name]._v0 = rng.uniform(-75, -60)


@edit
def channel(net, rng):
    soma = net.cell_types["L5_pyramidal" if "L5_pyramidal" in net.cell_types else list(net.cell_types)[-1]]["cell_object"].sections["soma"]
    for values in soma.mechs.values():
        for name, value in values.items():
            if isinstance(value, float) and name.startswith("g"):
                values[name] = np.float64(value * rng.uniform(0.9, 1.1))


@edit
def synapse(net, rng):
    cell, _ = section(net, rng)
    kinetics = cell.synapses[rng.choice(list(cell.synapses))]
    kinetics["tau2"] = kinetics["tau2"] * rng.uniform(1.0, 1.5)


@edit
def deleted_drive(net, rng):
    name = rng.choice(list(net.external_drives))
    if len(net.external_drives) > 1:
        del net.external_drives[name]
        net.connectivity = [conn for conn in net.connectivity if conn["src_type"] != name]


@edit
def pruned_pairs(net, rng):
    conn = rng.choice([conn for conn in net.connectivity if conn["src_type"] in net.cell_types])
    for src in list(conn["gid_pairs"]):
        conn["gid_pairs"][src] = [gid for gid in conn["gid_pairs"][src] if rng.random() < 0.7]


@edit
def distances(net, rng):
    if "L5_pyramidal" in net.cell_types:  # hnn-core places its own types only
        net.set_cell_positions(inplane_distance=rng.uniform(0.5, 40.0), layer_separation=rng.uniform(1000.0, 1500.0))


@edit
def position(net, rng):
    name = rng.choice(list(net.cell_types))
    x, y, z = net.pos_dict[name][0]
    net.pos_dict[name] = [(np.float64(x + rng.random()), y, z), *net.pos_dict[name][1:]]


@edit
def thresholds(net, rng):
    net._params["threshold"] = rng.uniform(-5, 5)
    rng.choice(net.connectivity)["nc_dict"]["threshold"] = rng.uniform(-5, 5)


@edit
def bias(net, rng):
    name = rng.choice(list(net.cell_types))
    net.add_tonic_bias(amplitude={name: rng.uniform(0.0, 1.0)}, t0=rng.uniform(0, 10), tstop=rng.uniform(15, 25), bias_name=f"bias{rng.random()}")


@edit
def weights(net, rng):
    for conn in net.connectivity:
        conn["nc_dict"]["A_weight"] *= np.float64(rng.uniform(0.8, 1.2))
    rng.choice(net.connectivity)["nc_dict"]["gain"] = rng.uniform(0.5, 2.0)


@edit
def temperature(net, rng):
    net._params["celsius"] = rng.choice([35.0, 36.3, 37.0])


@edit
def renamed_type(net, rng):
    old = rng.choice(list(net.cell_types))
    if not net.external_drives or all(old not in (drive["target_types"] or []) for drive in net.external_drives.values()):
        net._rename_cell_types({old: f"{old}_too"})


@edit
def pruned_drive(net, rng):
    net.add_evoked_drive(
        f"more{len(net.gid_ranges)}", mu=12.0, sigma=2.0, numspikes=1, location="proximal", weights_ampa={name: 0.02 for name in list(net.cell_types)[:2]},
        synaptic_delays=0.5, probability=0.5, cell_specific=False, n_drive_cells=4,
    )  # fmt: skip


def edited(seed):
    rng = random.Random(seed)
    net = neymotin_2020_model(mesh_shape=(2, 2))
    if seed % 3 == 0:
        net._rename_cell_types({"L5_pyramidal": "L5_deep"})
    if "L5_deep" not in net.cell_types:
        add_erp(net)
    else:
        net.add_evoked_drive(
            "evprox", mu=8.0, sigma=2.0, numspikes=1, location="proximal", weights_ampa={name: 0.02 for name in net.cell_types},
            synaptic_delays=0.1,
        )  # fmt: skip
    for name in rng.sample(list(EDITS), 4):
        EDITS[name](net, rng)
    return net


@pytest.mark.parametrize("seed", range(int(os.environ.get("EDITS", "12"))))
def test_random_edits_give_the_spikes_of_neuron(seed):
    assert_equal(edited(seed), tstop=25.0)
