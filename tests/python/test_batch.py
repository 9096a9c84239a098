"""BatchSimulate against hnn-core's, row by row."""

import inspect

import hnn_sweep
import numpy as np
import pytest
from conftest import add_erp

hnn_core = pytest.importorskip("hnn_core")
from hnn_core import neymotin_2020_model  # noqa: E402
from hnn_core.batch_simulate import BatchSimulate as Original  # noqa: E402
from hnn_core.dipole import Dipole  # noqa: E402


def set_params(params, net):
    add_erp(net, weight=params["weight"])


@pytest.fixture
def net():
    net = neymotin_2020_model(mesh_shape=(2, 2))
    net.add_electrode_array("probe", [(5.0, 5.0, float(z)) for z in range(0, 1500, 500)])
    return net


GRID = {"weight": [0.01, 0.02, 0.03]}


def test_the_signature_is_hnn_core_s():
    for method in ("__init__", "run", "simulate_batch", "load_results", "load_all_results"):
        theirs = inspect.signature(getattr(Original, method)).parameters
        ours = inspect.signature(getattr(hnn_sweep.BatchSimulate, method)).parameters
        positional = [name for name, p in ours.items() if p.kind is not p.KEYWORD_ONLY]
        assert positional == list(theirs)
        defaults = {name: p.default for name, p in theirs.items() if name != "net"}
        assert {name: ours[name].default for name in defaults} == defaults


def test_results_are_hnn_core_s(net, tmp_path):
    options = dict(
        net=net, tstop=20.0, n_trials=2, batch_size=2, save_spiking=True, save_lfp=True, save_voltages=True, save_currents=True,
        record_vsec="soma", record_isec="soma",
        summary_func=lambda batch: [float(one["dpl"][0].data["agg"].max()) for one in batch],
    )  # fmt: skip
    theirs = Original(set_params, save_folder=tmp_path / "theirs", **options).run(GRID, verbose=False)
    batch = hnn_sweep.BatchSimulate(set_params, save_folder=tmp_path / "ours", save_outputs=True, **options)
    ours = batch.run(GRID, verbose=False)
    assert list(ours) == list(theirs)
    assert [len(part) for part in ours["simulated_data"]] == [2, 1]
    for mine, their in zip(sum(ours["summary_statistics"], []), sum(theirs["summary_statistics"], []), strict=True):
        assert mine == pytest.approx(their, rel=1e-9)
    for mine, their in zip(sum(ours["simulated_data"], []), sum(theirs["simulated_data"], []), strict=True):
        assert set(mine) == set(their)
        assert mine["param_values"] == their["param_values"]
        assert mine["spiking"]["spike_times"] == their["spiking"]["spike_times"]
        assert mine["spiking"]["spike_gids"] == their["spiking"]["spike_gids"]
        assert list(map(list, mine["spiking"]["spike_types"])) == list(map(list, their["spiking"]["spike_types"]))
        for one, other in zip(mine["dpl"], their["dpl"], strict=True):
            assert isinstance(one, Dipole) and np.array_equal(one.times, other.times)
            assert np.abs(one.data["agg"] - other.data["agg"]).max() <= 1e-9 * np.ptp(other.data["agg"])
        ours_lfp, theirs_lfp = (np.array(side["lfp"]["probe"].voltages) for side in (mine, their))
        assert np.abs(ours_lfp - theirs_lfp).max() <= 1e-9 * np.ptp(theirs_lfp)
        for key in ("voltages", "currents"):
            assert [list(trial) for trial in mine[key]] == [list(trial) for trial in their[key]]
        soma = np.array(their["voltages"][1][0]["soma"])
        assert np.abs(np.array(mine["voltages"][1][0]["soma"]) - soma).max() <= 1e-9 * np.ptp(soma)
        assert mine["net"].cell_response.spike_times == their["net"].cell_response.spike_times
        assert "evdist" in mine["net"].external_drives


def test_nothing_is_simulated_twice(net, tmp_path):
    make = dict(net=net, tstop=10.0, save_folder=tmp_path, save_outputs=True)
    batch = hnn_sweep.BatchSimulate(set_params, **make)
    first = batch.run(GRID, verbose=False)
    assert batch.simulated == 3
    again = batch.run(GRID, verbose=False)
    assert batch.simulated == 0
    for one, other in zip(first["simulated_data"][0], again["simulated_data"][0], strict=True):
        assert np.array_equal(one["dpl"][0].data["agg"], other["dpl"][0].data["agg"])
    more = hnn_sweep.BatchSimulate(set_params, n_trials=2, **make)
    more.run({"weight": [0.02, 0.04]}, verbose=False)
    assert more.simulated == 3
    lambda_too = hnn_sweep.BatchSimulate(lambda net, p: add_erp(net, weight=p["w"] / 10), name="other", **make)
    lambda_too.run({"w": [0.1, 0.2]}, verbose=False)
    assert lambda_too.simulated == 0


def test_a_pipeline_file_finds_what_a_batch_has_simulated(pipeline, tmp_path):
    def erp(net, params):
        weights = {"L2_pyramidal": params["weight"], "L5_pyramidal": params["weight"]}
        net.add_evoked_drive("evprox", mu=5.0, sigma=1.0, numspikes=1, location="proximal", weights_ampa=weights, synaptic_delays=0.1)

    batch = hnn_sweep.BatchSimulate(
        erp, net=neymotin_2020_model(mesh_shape=(2, 2)), tstop=20.0, n_trials=2, save_spiking=True, save_outputs=True, save_folder=tmp_path / "results",
    )  # fmt: skip
    batch.run({"weight": [0.005, 0.02]}, verbose=False)
    assert batch.simulated == 4
    assert hnn_sweep.plan(pipeline) == (4, 0)
    sweep = hnn_sweep.run(pipeline, verbose=False)
    assert sweep.simulated == 0 and np.isfinite(np.asarray(sweep.summary["peak"])).all()
    keys = sweep.simulations["key"]
    assert keys == batch.sweep.simulations["key"]


def test_without_save_outputs_nothing_is_left(net, tmp_path):
    batch = hnn_sweep.BatchSimulate(set_params, net=net, tstop=5.0, save_folder=tmp_path / "none")
    results = batch.run(GRID, verbose=False)
    assert len(results["simulated_data"][0]) == 3
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "function",
    [
        lambda net, params: add_erp(net, params["weight"]),
        lambda params, net: add_erp(net, params["weight"]),
        lambda my_net, theta: add_erp(my_net, theta["weight"]),
        lambda params, network: add_erp(network, params["weight"]),
        lambda a, b: add_erp(b, a["weight"]),  # as hnn-core 0.6.1 calls it
    ],
)
def test_set_params_is_called_in_the_order_of_its_names(function, net, tmp_path):
    batch = hnn_sweep.BatchSimulate(function, net=net, tstop=5.0, save_folder=tmp_path)
    assert len(batch.run({"weight": [0.01]}, verbose=False)["simulated_data"][0]) == 1


def test_order_says_how_set_params_is_called(net):
    batch = hnn_sweep.BatchSimulate(lambda a, b: add_erp(a, b["weight"]), net=net, order="net, params")
    assert "evprox" in batch.network({"weight": 0.01}).external_drives
    with pytest.raises(ValueError, match="order must be"):
        hnn_sweep.BatchSimulate(set_params, net=net, order="sideways")


def test_an_error_of_set_params_is_raised_as_it_is(net, tmp_path):
    def wrong(net, params):
        raise ZeroDivisionError(f"at {params}")

    with pytest.raises(ZeroDivisionError, match="weight"):
        hnn_sweep.BatchSimulate(wrong, net=net, save_folder=tmp_path).run(GRID, verbose=False)


def test_set_params_that_draws_at_random_is_found_out(net, tmp_path):
    weights = iter([0.01, 0.02])

    def drawn(net, params):
        add_erp(net, weight=next(weights))

    with pytest.raises(ValueError, match="two networks of the same values"):
        hnn_sweep.BatchSimulate(drawn, net=net, save_folder=tmp_path).run({"x": [1, 1]}, verbose=False)


def test_outputs_are_independent_of_each_other(net, tmp_path):
    batch = hnn_sweep.BatchSimulate(set_params, net=net, tstop=10.0, save_dpl=False, save_spiking=True, save_folder=tmp_path)
    (result,) = batch.run({"weight": [0.03]}, verbose=False)["simulated_data"][0]
    assert "dpl" not in result and len(result["spiking"]["spike_times"][0]) > 0
    calcium = hnn_sweep.BatchSimulate(set_params, net=net, tstop=5.0, save_calcium=True, save_folder=tmp_path)
    (result,) = calcium.run({"weight": [0.03]}, verbose=False)["simulated_data"][0]
    pyramidal = next(iter(net.gid_ranges["L5_pyramidal"]))
    assert len(result["calcium"][0][pyramidal]["soma"]) == 201
    bare = hnn_sweep.BatchSimulate(set_params, net=neymotin_2020_model(mesh_shape=(1, 1)), save_lfp=True, save_folder=tmp_path)
    with pytest.raises(ValueError, match="electrode array"):
        bare.run({"weight": [0.03]}, verbose=False)


def test_npz_files_are_read_by_hnn_core(net, tmp_path):
    batch = hnn_sweep.BatchSimulate(
        set_params, net=net, tstop=10.0, save_folder=tmp_path, save_outputs=True, save_spiking=True, batch_size=2, overwrite=False
    )
    batch.run(GRID, verbose=False)
    files = batch.export_npz()
    assert [name.rsplit("/", 1)[1] for name in files] == ["sim_run_0-2.npz", "sim_run_2-3.npz"]
    theirs = Original(set_params, save_folder=tmp_path, save_spiking=True).load_results(files[1])
    ours = batch.load_results(files[1])
    assert list(ours) == list(theirs) == ["param_values", "dpl", "spiking"]
    assert theirs["param_values"] == [{"weight": 0.03}]
    assert np.array_equal(theirs["dpl"][0][0].data["agg"], batch.load_all_results()[1]["dpl"][0][0].data["agg"])
    with pytest.raises(FileExistsError, match="overwrite"):
        batch.export_npz()


def test_a_new_object_loads_what_another_stored(net, tmp_path):
    make = dict(net=net, tstop=10.0, save_folder=tmp_path, save_outputs=True, batch_size=2)
    hnn_sweep.BatchSimulate(set_params, **make).run(GRID, verbose=False)
    loaded = hnn_sweep.BatchSimulate(set_params, **make).load_all_results()
    assert [part["param_values"] for part in loaded] == [[{"weight": 0.01}, {"weight": 0.02}], [{"weight": 0.03}]]


def test_grids_and_arguments(net, tmp_path):
    batch = hnn_sweep.BatchSimulate(lambda net, params: add_erp(net, params["a"]), net=net, tstop=2.0, save_folder=tmp_path, clear_cache=True)
    results = batch.run({"a": np.array([0.01, 0.02]), "b": [1, 2]}, verbose=False)
    assert results == {"summary_statistics": []}
    assert batch.run({"a": [0.01]}, return_output=False, verbose=False) is None
    assert [one["b"] for one in batch._generate_param_combinations({"a": [1, 2], "b": [3, 4]}, False)] == [3, 4]
    with pytest.raises(ValueError, match="equally long"):
        batch.run({"a": [0.01], "b": [1, 2]}, combinations=False, verbose=False)
    with pytest.raises(TypeError, match="set_params"):
        hnn_sweep.BatchSimulate(3, net=net)
    with pytest.raises(TypeError, match="n_trials"):
        hnn_sweep.BatchSimulate(set_params, net=net, n_trials="2")
    with pytest.raises(ValueError, match="record_vsec"):
        hnn_sweep.BatchSimulate(set_params, net=net, record_vsec="dendrite")


def test_parameters_of_any_kind_are_columns(net, tmp_path):
    def any_kind(net, params):
        add_erp(net, params["pair"][0], cell_specific=params["specific"], n_drive_cells="n_cells" if params["specific"] else 1)

    batch = hnn_sweep.BatchSimulate(any_kind, net=net, tstop=2.0, save_folder=tmp_path, save_outputs=True)
    results = batch.run({"pair": [(0.01, 1), (0.02, 2)], "specific": [True, False], "sim": [None]}, verbose=False)
    assert results["simulated_data"][0][1]["param_values"] == {"pair": (0.01, 1), "specific": False, "sim": None}
    table = batch.sweep.simulations
    assert sorted(table["pair"]) == ["(0.01, 1)"] * 2 + ["(0.02, 2)"] * 2
    assert set(table["specific"]) == {True, False} and set(table["sim_"]) == {"None"}


def test_each_simulation_can_be_summarised_by_itself(net, tmp_path):
    batch = hnn_sweep.BatchSimulate(
        set_params, net=net, tstop=10.0, save_folder=tmp_path, batch_size=2, simulation_func=lambda one: one["param_values"]["weight"]
    )
    assert batch.run(GRID, verbose=False)["simulation_statistics"] == GRID["weight"]


def test_a_failing_simulation_is_nan_and_a_warning(net, tmp_path):
    def explode(net, params):
        add_erp(net, weight=params["weight"])

    batch = hnn_sweep.BatchSimulate(explode, net=net, tstop=20.0, save_folder=tmp_path)
    with pytest.warns(RuntimeWarning, match="not_finite"):
        results = batch.run({"weight": [0.01, -1.0]}, verbose=False)
    good, bad = results["simulated_data"][0]
    assert np.isfinite(good["dpl"][0].data["agg"]).all() and np.isnan(bad["dpl"][0].data["agg"]).all()


def test_postproc_is_hnn_core_s(tmp_path):
    net = neymotin_2020_model(mesh_shape=(2, 2))
    options = dict(net=net, tstop=40.0, postproc=True, save_folder=tmp_path)
    theirs = Original(set_params, **options).run({"weight": [0.02]}, verbose=False)["simulated_data"][0][0]
    ours = hnn_sweep.BatchSimulate(set_params, **options).run({"weight": [0.02]}, verbose=False)["simulated_data"][0][0]
    assert ours["dpl"][0].data["agg"] == pytest.approx(theirs["dpl"][0].data["agg"], rel=1e-8, abs=1e-12)
    assert ours["dpl"][0].scale_applied == theirs["dpl"][0].scale_applied


def test_a_list_of_parameter_sets_is_simulated_in_its_order(net, tmp_path):
    batch = hnn_sweep.BatchSimulate(set_params, net=net, tstop=5.0, save_folder=tmp_path, save_outputs=True)
    sets = [{"weight": 0.02}, {"weight": 0.01}]
    assert [one["param_values"] for one in batch.simulate_batch(sets)] == sets
    assert batch.simulated == 2
    again = batch.simulate_batch([{"weight": 0.01}, {"weight": 0.02}], n_jobs=2)
    assert batch.simulated == 0
    assert [one["param_values"]["weight"] for one in again] == [0.01, 0.02]
    assert batch.simulate_batch([]) == []


def test_the_network_of_a_result_holds_all_that_hnn_core_s_does(net, tmp_path):
    options = dict(net=net, tstop=10.0, save_folder=tmp_path, record_vsec="soma")
    theirs = Original(set_params, **options).run({"weight": [0.03]}, verbose=False)["simulated_data"][0][0]["net"]
    (result,) = hnn_sweep.BatchSimulate(set_params, **options).run({"weight": [0.03]}, verbose=False)["simulated_data"][0]
    ours = dict(result)["net"]
    assert ours.cell_response.spike_times == theirs.cell_response.spike_times and ours.cell_response.spike_times[0]
    assert list(ours.cell_response.vsec[0]) == list(theirs.cell_response.vsec[0])
    assert np.array(ours.rec_arrays["probe"].voltages).shape == np.array(theirs.rec_arrays["probe"].voltages).shape
    assert set(result) == {"net", "param_values", "dpl"}
