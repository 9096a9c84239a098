"""What the tests of the Python package share."""

import warnings

import pytest

warnings.filterwarnings("ignore", message="No external drives")


def add_erp(net, weight=0.02, **more):
    """Two evoked drives that make most cells of a small network fire."""
    pyramidal = {"L2_pyramidal": weight, "L5_pyramidal": weight}
    delays = {"L2_basket": 0.1, "L2_pyramidal": 0.1, "L5_basket": 1.0, "L5_pyramidal": 1.0}
    net.add_evoked_drive(
        "evprox", mu=8.0, sigma=2.0, numspikes=1, location="proximal", weights_ampa={**pyramidal, "L2_basket": 0.09, "L5_basket": 0.2},
        synaptic_delays=delays, event_seed=4, **more,
    )  # fmt: skip
    distal = {name: delay for name, delay in delays.items() if name != "L5_basket"}
    net.add_evoked_drive(
        "evdist", mu=18.0, sigma=2.0, numspikes=1, location="distal", weights_ampa={**pyramidal, "L2_basket": 0.006},
        weights_nmda={**pyramidal, "L2_basket": 0.02}, synaptic_delays=distal, event_seed=5, **more,
    )  # fmt: skip


@pytest.fixture
def small():
    """A 2x3 network with drives."""
    from hnn_core import neymotin_2020_model

    net = neymotin_2020_model(mesh_shape=(2, 3))
    add_erp(net)
    return net


@pytest.fixture
def pipeline(tmp_path):
    """A pipeline file of four tasks, and its folder."""
    text = f"""
name = "weights"
save_folder = "{tmp_path}/results"
[network]
model = "neymotin_2020"
mesh_shape = [2, 2]
[simulation]
tstop = 20.0
n_trials = 2
[grid]
weight = [0.005, 0.02]
[[drive]]
type = "evoked"
name = "evprox"
mu = 5.0
sigma = 1.0
numspikes = 1
location = "proximal"
weights_ampa = {{ L2_pyramidal = "weight", L5_pyramidal = "weight" }}
synaptic_delays = 0.1
[output]
save_dpl = true
save_spiking = true
[[summary]]
name = "peak"
statistic = "max"
"""
    path = tmp_path / "weights.toml"
    path.write_text(text)
    return path
