"""Simulators for inference, and evaluation for optimisers."""

import hnn_sweep
import numpy as np
import pytest


def test_evaluate_gives_a_row_for_each_set_in_their_order(pipeline):
    first = hnn_sweep.evaluate(pipeline, [{"weight": 0.02}, {"weight": 0.001}])
    assert first.columns == ["weight", "peak"]
    table = hnn_sweep.evaluate(pipeline, [{"weight": 0.005}, {"weight": 0.001}, {"weight": 0.02}])
    assert np.asarray(table["weight"]).tolist() == [0.005, 0.001, 0.02]
    assert np.asarray(table["peak"])[[2, 1]].tolist() == np.asarray(first["peak"]).tolist()
    summary = hnn_sweep.run(pipeline, verbose=False).summary
    by_weight = {w: [] for w in (0.005, 0.02)}
    for weight, peak in zip(np.asarray(summary["weight"]), np.asarray(summary["peak"])):
        by_weight[weight].append(peak)
    assert np.asarray(table["peak"])[0] == np.mean(by_weight[0.005])


def test_a_simulator_takes_theta_and_gives_x(pipeline):
    simulate = hnn_sweep.simulator(pipeline)
    x = simulate(np.array([[0.005], [0.02]]))
    assert x.shape == (2, 1) and x.dtype == np.float32 and np.isfinite(x).all()
    assert simulate([0.02]).tolist() == x[1:].tolist()
    with pytest.raises(ValueError, match="theta has 2 columns"):
        simulate([[0.1, 0.2]])


def test_a_failure_is_a_row_of_nan(pipeline):
    x = hnn_sweep.simulator(pipeline)([[0.005], [-1.0]])
    assert np.isfinite(x[0]).all() and np.isnan(x[1]).all()


def test_a_seed_column_gives_other_random_numbers(pipeline):
    text = pipeline.read_text().replace("weight = [0.005, 0.02]", "weight = [0.005, 0.02]\nseed = [1]")
    pipeline.write_text(text.replace('name = "evprox"', 'name = "evprox"\nevent_seed = "seed"').replace("sigma = 1.0", "sigma = 3.0"))
    simulate = hnn_sweep.simulator(pipeline, seed_parameter="seed", seed=3)
    x = simulate([[0.02], [0.02]])
    assert x[0] != x[1]
    assert hnn_sweep.simulator(pipeline, seed_parameter="seed", seed=3)([[0.02], [0.02]]).tolist() == x.tolist()


def test_unknown_parameters_are_named(pipeline):
    with pytest.raises(hnn_sweep.PipelineError, match="no value for the parameter `weight`"):
        hnn_sweep.evaluate(pipeline, [{"wieght": 0.1}])
    with pytest.raises(hnn_sweep.PipelineError, match="is a number, not a string"):
        hnn_sweep.evaluate(pipeline, [{"weight": "much"}])


def test_a_batch_is_a_simulator(tmp_path):
    pytest.importorskip("hnn_core")
    from conftest import add_erp
    from hnn_core import neymotin_2020_model

    batch = hnn_sweep.BatchSimulate(
        lambda net, params: add_erp(net, params["weight"]),
        net=neymotin_2020_model(mesh_shape=(1, 1)),
        tstop=20.0,
        save_folder=tmp_path,
        save_outputs=True,
        simulation_func=lambda one: {"peak": one["dpl"][0].data["agg"].max(), "mean": one["dpl"][0].data["agg"].mean()},
    )
    x = hnn_sweep.simulator(batch, parameters=["weight"])([[0.01], [0.02]])
    assert x.shape == (2, 2) and x.dtype == np.float32
