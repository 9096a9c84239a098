"""What the reference scripts share: small networks of the original, and a JSON file that says where it comes from.

Run the scripts in an environment that has `hnn_core==0.6.1 NEURON==8.2.7 joblib`.
Floats are written in their shortest form that reads back to the same 64 bits.
"""

import json
import os
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
HERE = os.path.dirname(os.path.abspath(__file__))


def versions():
    """Versions of what made a reference."""
    import hnn_core
    import neuron

    return {
        "hnn_core": hnn_core.__version__,
        "NEURON": neuron.__version__,
        "numpy": np.__version__,
        "python": sys.version.split()[0],
    }


def plain(value):
    """`value` as JSON can hold it, floats as Python floats."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (np.floating, float)):
        return float(value)
    if isinstance(value, (np.integer, int)) and not isinstance(value, bool):
        return int(value)
    return value


def dumps(value, indent=0):
    """JSON with one line per entry of a dictionary, and lists on one line."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        body = ",\n".join(
            f"{pad} {json.dumps(k)}: {dumps(v, indent + 1)}" for k, v in value.items()
        )
        return "{\n" + body + "\n" + pad + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        body = ",\n".join(f"{pad} {dumps(v, indent + 1)}" for v in value)
        return "[\n" + body + "\n" + pad + "]"
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def write(name, what, tolerance, data):
    """Writes `name`.json beside this file."""
    document = {
        "made_by": os.path.basename(sys.argv[0]),
        "versions": versions(),
        "what": what,
        "tolerance": tolerance,
    }
    document.update(plain(data))
    path = os.path.join(HERE, name + ".json")
    with open(path, "w") as file:
        file.write(dumps(document) + "\n")
    print(f"{path}: {os.path.getsize(path)} bytes")


def mechanisms():
    """NEURON's `h` with hnn-core's mechanisms loaded and a parallel context."""
    from hnn_core import network_builder as nb

    nb._create_parallel_context()
    nb.load_custom_mechanisms(False)
    return nb.h


def simulate(net, tstop, dt=0.025, n_trials=1, **records):
    """Dipoles of the trials of `net`, on one core and without talk."""
    from hnn_core import JoblibBackend, simulate_dipole

    with JoblibBackend(n_jobs=1):
        return simulate_dipole(
            net, tstop=tstop, dt=dt, n_trials=n_trials, verbose=False, **records
        )


def cell_network(name, cell=None, mesh_shape=(1, 1), **params):
    """The neymotin_2020 network without connections, `cell` as the template of the cell type `name`.

    The original only computes a dipole where both an L2 and an L5 type contribute, so all four types stay.
    """
    from hnn_core import neymotin_2020_model

    net = neymotin_2020_model(mesh_shape=mesh_shape)
    net.clear_connectivity()
    net._params.update(params)
    if cell is not None:
        net.cell_types[name]["cell_object"] = cell
    return net


def soma_cell(mechs, L=39.0, diam=20.0, cm=0.85, Ra=200.0, v0=-65.0, nseg=None, syns=("ampa",), synapses=None, name="L2_basket"):
    """A cell of one section with the given mechanisms."""
    from hnn_core.cell import Cell, Section

    soma = Section(L=L, diam=diam, Ra=Ra, cm=cm, v0=v0, end_pts=[[0, 0, 0], [0, 0, L]])
    soma.mechs = mechs
    soma.syns = list(syns)
    if nseg is not None:
        soma.nseg = nseg
    synapses = synapses or {"ampa": {"e": 0.0, "tau1": 0.5, "tau2": 5.0}}
    return Cell(name, (0, 0, 0), {"soma": soma}, synapses, {"proximal": ["soma"], "distal": []}, None)


def events_network(name, cell, trains, weight=1e-3, delay=0.1, location="soma", receptor="ampa", **kw):
    """`cell_network` with one drive cell per spike train, all of them onto every cell at `location`."""
    net = cell_network(name, cell, **kw)
    attach_trains(net, name, trains, weight, delay, location, receptor)
    return net


def attach_trains(net, target, trains, weight=1e-3, delay=0.1, location="soma", receptor="ampa", name="train"):
    """A drive with the given event times (a list per drive cell) onto `target`. Any receptor: the connection is relabelled."""
    net.add_spike_train_drive(
        name,
        spike_data={str(k): list(t) for k, t in enumerate(trains)},
        location=location,
        conn_seed=0,
        synaptic_delays=delay,
        weights_ampa={target: weight},
    )
    net.connectivity[-1]["receptor"] = receptor
