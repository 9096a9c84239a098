"""Writes tests/data/network_reference.json: networks as the real hnn-core makes them in memory, and
tests/data/network_file.json: a network file of hnn-core, without its line breaks.

Run with hnn_core==0.6.1 and NEURON==8.2.7 installed:  python tests/reference/network_reference.py
The networks are built again, in the same way, in tests/network_reference.rs.

NumPy's own exp on AVX-512 machines is one bit off in one of the calcium model's conductances; the C library's, which
NumPy uses elsewhere, is not, so NumPy is told to use that.
"""

import os

os.environ["NPY_DISABLE_CPU_FEATURES"] = "X86_V4 AVX512_ICL AVX512_SPR"  # NumPy 2.4's names

import json
import struct
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from hnn_core import calcium_model, law_2021_model, neymotin_2020_model, read_params
from hnn_core.network_models import add_erp_drives_to_jones_model

warnings.filterwarnings("ignore")
TYPES = ["L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal"]


def fnv(data: bytes) -> str:
    """FNV-1a, 64 bits."""
    digest = 0xCBF29CE484222325
    for byte in data:
        digest = (digest ^ byte) * 0x100000001B3 % 2**64
    return f"{digest:016x}"


def pairs_digest(gid_pairs) -> str:
    pairs = sorted((int(s), int(t)) for s, targets in gid_pairs.items() for t in targets)
    return fnv(b"".join(struct.pack("<II", s, t) for s, t in pairs))


def events_digest(events) -> str:
    out = b""
    for times in events:
        out += struct.pack("<I", len(times)) + b"".join(struct.pack("<d", t) for t in times)
    return fnv(out)


def dump_random():
    states = []
    for seed in [0, 1, 2, 274, 544, 814, 123456789, 2**31, 2**32 - 1]:
        rs = np.random.RandomState(seed)
        doubles = rs.random_sample(5).tolist()
        normals = np.random.RandomState(seed).normal(26.61, 2.47, 7).tolist()
        rs = np.random.RandomState(seed)
        exponentials = [rs.exponential(1 / 17.0) for _ in range(5)]
        rs = np.random.RandomState(seed)
        mixed = [rs.normal(1.0, 2.0), rs.exponential(3.0), rs.normal(0.0, 1.0), rs.random_sample(), rs.normal(5.0, 0.0)]
        late = np.random.RandomState(seed).normal(0.0, 1.0, 5000)
        states.append(
            dict(seed=seed, doubles=doubles, normals=normals, exponentials=exponentials, mixed=mixed,
                 normals_5000=events_digest([late.tolist()]))
        )
    choices = []
    sizes = [(1, 0), (1, 1), (2, 1), (10, 3), (10, 10), (35, 18), (100, 50), (1225, 612), (9999, 5000), (10000, 199),
             (10000, 200), (10000, 201), (10000, 5000), (10001, 199), (10001, 200), (10001, 201), (10001, 5000),
             (10001, 10001), (10050, 201), (10050, 202), (20000, 400), (20000, 401), (100000, 1500), (100000, 2000),
             (100000, 2001), (100000, 66666)]
    for seed in [0, 3, 4, 2**32, 2**40 + 17]:
        for population, n in sizes:
            rng = np.random.default_rng(seed)
            chosen = np.sort(rng.choice(range(population), n, replace=False))
            choices.append([seed, population, n, fnv(b"".join(struct.pack("<I", i) for i in chosen))])
    return dict(states=states, choices=choices)


def dump_connections(net):
    out = []
    for conn in net.connectivity:
        nc = conn["nc_dict"]
        out.append(
            dict(src_type=conn["src_type"], target_type=conn["target_type"], loc=conn["loc"], receptor=conn["receptor"],
                 weight=nc["A_weight"], delay=nc["A_delay"], lamtha=nc["lamtha"], threshold=nc["threshold"],
                 gain=nc["gain"], allow_autapses=conn["allow_autapses"], probability=conn["probability"],
                 n_src=len(conn["src_gids"]), n_targets=len(conn["target_gids"]), n_sources_left=len(conn["gid_pairs"]),
                 n_pairs=sum(len(t) for t in conn["gid_pairs"].values()), pairs=pairs_digest(conn["gid_pairs"]))
        )
    return out


def dump_network(net, tstop=170.0, n_trials=3):
    net = net.copy()
    for drive in net.external_drives.values():
        if drive["dynamics"].get("tstop", 0) is None:
            drive["dynamics"]["tstop"] = tstop
    net._instantiate_drives(tstop=tstop, n_trials=n_trials)
    events = {
        name: [
            dict(n_cells=len(trial), n_events=sum(map(len, trial)), first=trial[0][:4], last=trial[-1][:4],
                 digest=events_digest(trial))
            for trial in drive["events"]
        ]
        for name, drive in net.external_drives.items()
    }
    return dict(
        gid_ranges={name: [r.start, r.stop] for name, r in net.gid_ranges.items()},
        origin=[float(x) for x in net.pos_dict["origin"]],
        positions={name: [len(pos), fnv(b"".join(struct.pack("<ddd", *p) for p in pos))]
                   for name, pos in net.pos_dict.items() if name != "origin"},
        connectivity=dump_connections(net),
        drives={name: dict(target_types=list(d["target_types"]), n_drive_cells=d["n_drive_cells"])
                for name, d in net.external_drives.items()},
        events=events,
    )


def erp(mesh, model=neymotin_2020_model):
    net = model(mesh_shape=mesh)
    add_erp_drives_to_jones_model(net)
    return net


def drives_of_all_kinds(mesh, trains=True):
    """Keep in step with the function of the same name in tests/network_cases/mod.rs."""
    net = neymotin_2020_model(mesh_shape=mesh)
    net.set_cell_positions(inplane_distance=2.5, layer_separation=1000.0)
    weights = dict(L5_pyramidal=0.02, L2_pyramidal=0.01, L2_basket=0.03)
    net.add_evoked_drive("pruned", mu=40.0, sigma=8.0, numspikes=2, location="distal", weights_ampa=weights,
                         weights_nmda=dict(L2_pyramidal=0.004), probability=dict(L2_basket=0.3, L2_pyramidal=0.5, L5_pyramidal=0.9),
                         synaptic_delays=0.7, space_constant=5.0, event_seed=11, conn_seed=21)
    net.add_evoked_drive("common", mu=3.0, sigma=5.0, numspikes=3, location="proximal", n_drive_cells=4, cell_specific=False,
                         weights_ampa=dict(L5_basket=0.02, L5_pyramidal=0.01), probability=0.6)
    net.add_evoked_drive("tuft", mu=80.0, sigma=0.0, numspikes=1, location="apical_tuft", weights_nmda=dict(L5_pyramidal=0.1))
    net.add_poisson_drive("poisson_by_type", rate_constant=dict(L2_pyramidal=40.0, L5_pyramidal=90.0, L2_basket=10.0),
                          location="proximal", tstart=12.5, weights_ampa=dict(L2_pyramidal=1e-4, L5_pyramidal=2e-4), event_seed=1349)
    net.add_poisson_drive("poisson_one_rate", rate_constant=25.0, tstop=90.0, location="soma", weights_ampa=dict(L2_basket=1e-3))
    net.add_poisson_drive("poisson_common", rate_constant=120.0, tstart=20.0, tstop=1000.0, location="proximal", n_drive_cells=3,
                          cell_specific=False, weights_nmda=dict(L2_pyramidal=1e-4), event_seed=5)
    net.add_bursty_drive("alpha", tstart=50.0, burst_rate=10.0, burst_std=20.0, location="proximal", n_drive_cells=10,
                         weights_ampa=dict(L2_pyramidal=5.4e-5, L5_pyramidal=5.4e-5), event_seed=278,
                         synaptic_delays=dict(L2_pyramidal=0.1, L5_pyramidal=1.0))
    net.add_bursty_drive("jittered", tstart=10.0, tstart_std=15.0, tstop=140.0, burst_rate=20.0, burst_std=3.0, numspikes=5,
                         spike_isi=7.0, location="distal", n_drive_cells="n_cells", cell_specific=True,
                         weights_ampa=dict(L2_pyramidal=1e-4, L5_pyramidal=2e-4), probability=0.5, event_seed=4)
    if trains:
        net.add_spike_train_drive("train_by_name", spike_data=dict(b=[1.0, 5.5], a=[], c=[0.0, 200.0]), location="soma",
                                  weights_ampa=dict(L2_basket=0.1), conn_seed=1)
        net.add_spike_train_drive("train_of_pairs", spike_data=[(3.5, 12), (1.25, 7), (9.0, 12)], location="proximal",
                                  weights_ampa=dict(L5_pyramidal=0.1), probability=0.5, conn_seed=8)
    net.add_connection("L2_pyramidal", "L5_pyramidal", "apical_1", "nmda", 1e-4, 2.0, 4.0, threshold=-10.0, gain=0.5,
                       probability=0.33, conn_seed=99)
    gids = net.gid_ranges["L2_basket"]
    net.add_connection([gids[1], gids[0]], [[gids[0], gids[1]], [gids[0]]], "soma", "ampa", 0.1, 1.0, 3.0, allow_autapses=False)
    net.set_global_synaptic_gains(e_i=1.5, i_i=0.25)
    return net


def network_of_the_file():
    """Keep in step with the function of the same name in tests/network_cases/mod.rs."""
    net = drives_of_all_kinds((2, 3))
    net.cell_types["L5_pyramidal"]["cell_object"].modify_section("apical_1", L=560.0)
    net.add_tonic_bias(amplitude=dict(L2_basket=0.1), t0=1)
    net.add_tonic_bias(bias_name="tuft", amplitude=dict(L5_pyramidal=-0.2), section="apical_tuft", t0=20.0, tstop=50.0)
    net.add_electrode_array("line", [(1, 2, 3), (4.0, 5.0, 6.5)], conductivity=0.25, method="lsa")
    net._params["celsius"] = 36.5
    return net


# tests/data/network_params.json; as in hnn-core's own files, most cell parameters are left out: models ignore them.
PARAMS = {
    "tstop": 120.0, "celsius": 36.0, "threshold": 1.5, "dipole_smooth_win": 20, "dipole_scalefctr": 40, "N_pyr_x": 7,
    "sync_evinput": False, "L5Pyr_apical1_L": 1.0, "gbar_L2Pyr_L2Pyr_ampa": 0.0007, "gbar_L2Pyr_L5Pyr": 0.0003,
    "gbar_L5Basket_L5Pyr_gabaa": 0.03, "gbar_L2Basket_L5Pyr": 0.002, "t_evprox_1": 26.61, "sigma_t_evprox_1": 2.47,
    "numspikes_evprox_1": 2, "prng_seedcore_evprox_1": 3, "gbar_evprox_1_L2Pyr_ampa": 0.01525,
    "gbar_evprox_1_L5Basket_nmda": 0.2, "t_evprox_2": 60, "sigma_t_evprox_2": 5.0, "prng_seedcore_evprox_2": 40.7,
    "t_evdist_1": 63.53, "sigma_t_evdist_1": 3.85, "prng_seedcore_evdist_1": 20, "gbar_evdist_1_L5Pyr_nmda": 0.08,
    "t0_input_prox": 50.0, "tstop_input_prox": 1000, "repeats_prox": 3, "events_per_cycle_prox": 3, "f_stdev_prox": 4.0,
    "t0_input_stdev_prox": 2.5, "prng_seedcore_input_prox": 4, "input_prox_A_weight_L2Pyr_ampa": 5.4e-5,
    "input_prox_A_delay_L5": 2.0, "t0_input_dist": 1000.0, "prng_seedcore_input_dist": 9, "T_pois": 90.0, "t0_pois": 5.0,
    "L5Pyr_Pois_A_weight_ampa": 0.001, "L5Pyr_Pois_lamtha": 140.1, "L2Basket_Pois_lamtha": 30.0, "prng_seedcore_extpois": 4,
    "L2Basket_Gauss_mu": 70.0, "L2Basket_Gauss_sigma": 6.0, "L5Pyr_Gauss_A_weight": 0.002, "L5Pyr_Gauss_mu": 0.4,
    "prng_seedcore_extgauss": 31, "prng_seedcore_evprox_3": 1, "Itonic_A_L2Pyr_soma": 1.0,
}
PARAM_CASES = {
    "neymotin_2020 without drives": (neymotin_2020_model, dict()),
    "neymotin_2020": (neymotin_2020_model, dict(add_drives_from_params=True)),
    "neymotin_2020 legacy": (neymotin_2020_model, dict(add_drives_from_params=True, legacy_mode=True)),
    "law_2021": (law_2021_model, dict(add_drives_from_params=True)),
}


def params_file(path):
    path.write_text(json.dumps(PARAMS, indent=1) + "\n")
    param = path.with_suffix(".param")
    param.write_text("".join(f"{key}: {value}\n" for key, value in PARAMS.items()))
    out = {}
    for name, (model, arguments) in PARAM_CASES.items():
        # In a .param file False is text and thus true, so that evoked drives have one cell.
        for suffix in [".json", ".param"] if name == "neymotin_2020" else [".json"]:
            net = model(params=read_params(str(path.with_suffix(suffix))), mesh_shape=(2, 3), **arguments)
            dump = dump_network(net, tstop=110.0, n_trials=2)
            dump["globals"] = [net._params[key] for key in ["celsius", "threshold", "dipole_smooth_win", "dipole_scalefctr"]]
            out[f"{name} {suffix}"] = dump
    return out


def dump_cell(cell):
    data = cell.to_dict()
    for key in ["dipole_pp", "vsec", "isec", "ca", "tonic_biases", "gid"]:
        data.pop(key)
    return data


def dump_cells():
    cells = {name: dump_cell(cell["cell_object"]) for name, cell in neymotin_2020_model(mesh_shape=(2, 2)).cell_types.items()}
    for model in [law_2021_model, calcium_model]:
        cell = model(mesh_shape=(2, 2)).cell_types["L5_pyramidal"]["cell_object"]
        cells[f"L5_pyramidal of {model.__name__}"] = dump_cell(cell)
    net = neymotin_2020_model(mesh_shape=(2, 2))
    cell = net.cell_types["L5_pyramidal"]["cell_object"]
    cell.modify_section("apical_1", L=560.0, diam=6.5)
    cell.modify_section("soma", L=41.0, cm=1.0, Ra=150.0, v0=-70.0)
    cells["L5_pyramidal modified"] = dump_cell(cell)
    return cells


def main():
    data = Path(__file__).parent.parent / "data"
    networks = {f"erp {x}x{y}": dump_network(erp((x, y))) for x, y in [(1, 1), (2, 3), (3, 3), (4, 7), (10, 10)]}
    networks["law 3x3"] = dump_network(erp((3, 3), law_2021_model))
    networks["all kinds 2x3"] = dump_network(drives_of_all_kinds((2, 3)))
    networks["all kinds 10x10"] = dump_network(drives_of_all_kinds((10, 10)))
    names = ["hnn_core", "NEURON", "numpy"]
    reference = dict(
        made_with={"python": sys.version.split()[0], **{name: version(name) for name in names}},
        random=dump_random(),
        networks=networks,
        cells=dump_cells(),
        params=params_file(data / "network_params.json"),
    )
    path = data / "network_reference.json"
    plain = json.loads(json.dumps(reference, default=lambda o: o.tolist()))
    path.write_text(json.dumps(plain, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)
    path = path.with_name("network_file.json")
    network_of_the_file().write_configuration(path)
    path.write_text(json.dumps(json.loads(path.read_text()), separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
