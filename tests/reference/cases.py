"""The networks that results are compared on: plain descriptions, read by make_networks.py, by scripts/parity.py and (as written into
networks/*.json) by tests/exactness.rs.

A case is a model with a mesh, ERP drives or not, evoked drives with the arguments of hnn-core's `add_evoked_drive`, and a simulation.
"""

from copy import deepcopy


def evoked(name, mu, sigma, **arguments):
    return {"type": "evoked", "name": name, "mu": mu, "sigma": sigma, "numspikes": 1, **arguments}


def batch_drive(weight_basket, weight_pyr):
    """The drive of hnn-core's example of batch simulation."""
    return evoked(
        "evprox", 40.0, 5.0, location="proximal",
        weights_ampa={"L2_basket": weight_basket, "L2_pyramidal": weight_pyr, "L5_basket": weight_basket, "L5_pyramidal": weight_pyr},
        synaptic_delays={"L2_basket": 0.1, "L2_pyramidal": 0.1, "L5_basket": 1.0, "L5_pyramidal": 1.0},
    )


OTHER = [
    evoked(
        "near", 12.0, 3.0, numspikes=2, location="proximal", event_seed=17, conn_seed=5, space_constant=10.0, synaptic_delays=0.4,
        weights_ampa={"L2_basket": 0.03, "L2_pyramidal": 0.02, "L5_basket": 0.05, "L5_pyramidal": 0.01},
        weights_nmda={"L2_basket": 0.01, "L5_pyramidal": 0.004},
    ),
    evoked(
        "far", 25.0, 1.5, location="distal", event_seed=4, space_constant=2.0,
        weights_ampa={"L2_basket": 0.02, "L2_pyramidal": 0.03, "L5_pyramidal": 0.05},
        weights_nmda={"L5_pyramidal": 0.05},
        synaptic_delays={"L2_basket": 0.1, "L2_pyramidal": 0.2, "L5_pyramidal": 0.3},
    ),
]


def case(name, what, mesh_shape, tstop=170.0, dt=0.025, n_trials=1, erp=False, drives=(), model="neymotin_2020", **more):
    return {"name": name, "what": what, "model": model, "mesh_shape": list(mesh_shape), "erp": erp, "drives": list(drives),
            "tstop": tstop, "dt": dt, "n_trials": n_trials, **more}


CASES = [
    case("erp_1x2", "ERP drives, one row of two", (1, 2), erp=True, n_trials=2),
    case("erp_2x3", "ERP drives, mesh that is not square", (2, 3), erp=True),
    case("erp_3x3", "ERP drives, small mesh, two trials", (3, 3), erp=True, n_trials=2),
    case("erp_3x3_dt0.05", "ERP drives, dt 0.05", (3, 3), erp=True, dt=0.05),
    case("erp_3x3_dt0.1", "ERP drives, dt 0.1 (37 ms lies on the other side of the baseline's branch)", (3, 3), erp=True, dt=0.1),
    case("erp_3x3_dt0.0125", "ERP drives, dt 0.0125", (3, 3), erp=True, dt=0.0125, tstop=80.0),
    case("erp_3x3_odd_tstop", "ERP drives, tstop no multiple of dt: 2067 samples, the last at 103.30", (3, 3), erp=True, dt=0.05, tstop=103.33),
    case("other_3x3", "two evoked drives, AMPA and NMDA, other seeds, weights and space constants, two trials", (3, 3), tstop=80.0, drives=OTHER, n_trials=2),
    case("one_drive_cell_3x3", "one drive cell for all, and five", (3, 3), tstop=60.0, drives=[
        evoked("sync", 10.0, 2.0, location="proximal", n_drive_cells=1, cell_specific=False, weights_ampa={"L2_basket": 0.02, "L2_pyramidal": 0.02, "L5_basket": 0.02, "L5_pyramidal": 0.03}),
        evoked("five", 25.0, 4.0, location="distal", n_drive_cells=5, cell_specific=False, weights_ampa={"L2_pyramidal": 0.01, "L5_pyramidal": 0.02}, weights_nmda={"L2_basket": 0.01}),
    ], n_trials=2),
    case("probability_4x3", "connections kept with probability 0.5, cell-specific, and 0.3 and 0.8 by cell type, not cell-specific", (4, 3), tstop=60.0, drives=[
        evoked("half", 10.0, 2.0, location="proximal", probability=0.5, conn_seed=3, weights_ampa={"L2_basket": 0.02, "L2_pyramidal": 0.02, "L5_basket": 0.02, "L5_pyramidal": 0.03}, weights_nmda={"L2_basket": 0.01, "L5_pyramidal": 0.01}),
        evoked("some", 25.0, 4.0, location="proximal", n_drive_cells=7, cell_specific=False, conn_seed=11, probability={"L2_pyramidal": 0.3, "L5_pyramidal": 0.8}, weights_ampa={"L2_pyramidal": 0.01, "L5_pyramidal": 0.01}, weights_nmda={"L2_pyramidal": 0.005}),
    ], n_trials=2),
    case("tuft_3x3", "a section as the location", (3, 3), tstop=60.0, drives=[
        evoked("tuft", 10.0, 2.0, location="apical_tuft", weights_ampa={"L2_pyramidal": 0.05, "L5_pyramidal": 0.05}, weights_nmda={"L5_pyramidal": 0.02}),
        evoked("oblique", 30.0, 2.0, location="apical_oblique", weights_ampa={"L2_pyramidal": 0.05, "L5_pyramidal": 0.05}),
    ]),
    case("ties_2x2", "events of all drive cells at the same, nominal grid times; one at the end of the simulation", (2, 2), tstop=40.0, drives=[
        evoked("first", 5.0, 0.0, numspikes=2, location="proximal", weights_ampa={"L2_basket": 0.05, "L2_pyramidal": 0.05, "L5_basket": 0.05, "L5_pyramidal": 0.05}),
        evoked("second", 20.0, 0.0, location="distal", weights_ampa={"L2_basket": 0.05, "L2_pyramidal": 0.05, "L5_pyramidal": 0.05}, synaptic_delays=0.0),
        evoked("last", 40.0, 0.0, location="distal", weights_ampa={"L2_pyramidal": 0.05}, n_drive_cells=2, cell_specific=False),
    ]),
    case("nothing_2x2", "a drive without weight: the network at rest", (2, 2), tstop=30.0, drives=[
        evoked("quiet", 10.0, 1.0, location="proximal", weights_ampa={"L5_pyramidal": 0.0}),
    ]),
    case("erp_10x10", "ERP drives, default network, two trials: 1428 and 1407 spikes", (10, 10), erp=True, n_trials=2),
    *[
        case(f"batch_10x10_{i}{j}", f"hnn-core's batch example, weight_basket {wb!r}, weight_pyr {wp!r}", (10, 10), drives=[batch_drive(wb, wp)], smooth=30.0)
        for i, wb in enumerate((1e-4, 10**-2.5, 0.1))
        for j, wp in enumerate((1e-4, 10**-2.5, 0.1))
    ],
]


BY_TYPE = {"L2_basket": 1e-4, "L2_pyramidal": 2e-4, "L5_basket": 1e-4, "L5_pyramidal": 2e-4}
DELAYS = {"L2_basket": 0.1, "L2_pyramidal": 0.1, "L5_basket": 1.0, "L5_pyramidal": 1.0}
ARRAYS = {
    "psa": {"electrode_pos": [[1.0, 1.0, z] for z in (-200.0, 300.0, 1000.0, 2000.0)], "conductivity": 0.3, "method": "psa", "min_distance": 0.5},
    "lsa": {"electrode_pos": [[1.0, 1.0, z] for z in (-200.0, 300.0, 1000.0, 2000.0)], "conductivity": 0.2, "method": "lsa", "min_distance": 1.5},
}


# What hnn-core's gamma_L5weak_L2weak.json says of connections between cells.
GAMMA = {
    "gbar_L2Pyr_L2Pyr_ampa": 0.0, "gbar_L2Pyr_L2Pyr_nmda": 0.0, "gbar_L2Basket_L2Pyr_gabaa": 7e-3, "gbar_L2Basket_L2Pyr_gabab": 0.0,
    "gbar_L2Pyr_L5Pyr": 0.0, "gbar_L2Basket_L5Pyr": 0.0, "gbar_L5Pyr_L5Pyr_ampa": 0.0, "gbar_L5Pyr_L5Pyr_nmda": 0.0,
    "gbar_L5Basket_L5Pyr_gabaa": 8e-2, "gbar_L5Basket_L5Pyr_gabab": 0.0, "gbar_L2Pyr_L2Basket": 1.2e-3, "gbar_L2Basket_L2Basket": 1e-2,
    "gbar_L2Pyr_L5Basket": 0.0, "gbar_L5Pyr_L5Basket": 9.1e-4, "gbar_L5Basket_L5Basket": 7.5e-3, "celsius": 37.0, "threshold": 0.0,
}


def kind(type, name, **arguments):
    return {"type": type, "name": name, **arguments}


# Everything else that hnn-core can describe. `set` changes the network before drives are added; `deleted` drives are removed again; paths as in pipeline files.
MORE = [
    case("law_3x3", "law_2021 with its beta bursts", (3, 3), tstop=200.0, model="law_2021", drives=[
        kind("bursty", "beta_dist", tstart=50.0, tstart_std=0.0, tstop=100.0, burst_rate=1.0, burst_std=10.0, numspikes=2, spike_isi=10.0, n_drive_cells=10, location="distal",
             weights_ampa={"L2_basket": 0.0032, "L2_pyramidal": 0.0008, "L5_pyramidal": 0.0004}, synaptic_delays={"L2_basket": 0.5, "L2_pyramidal": 0.5, "L5_pyramidal": 0.5}, event_seed=3),
        kind("bursty", "beta_prox", tstart=50.0, tstart_std=0.0, tstop=100.0, burst_rate=1.0, burst_std=20.0, numspikes=2, spike_isi=10.0, n_drive_cells=10, location="proximal",
             weights_ampa={"L2_basket": 0.0004, "L2_pyramidal": 0.0002, "L5_basket": 0.0002, "L5_pyramidal": 0.0002}, synaptic_delays=DELAYS, event_seed=8),
        evoked("evprox", 130.0, 2.5, location="proximal", weights_ampa={"L2_basket": 0.08, "L2_pyramidal": 0.02, "L5_basket": 0.2, "L5_pyramidal": 0.02}, synaptic_delays=DELAYS),
    ], n_trials=2, records={"record_vsec": "soma"}),
    case("calcium_3x3", "the calcium model, ERP drives, calcium and potentials of all sections", (3, 3), tstop=120.0, model="calcium", erp=True, records={"record_vsec": "all", "record_ca": "all", "record_isec": "soma"}),
    case("calcium_10x10", "the calcium model, ERP drives, full size", (10, 10), model="calcium", erp=True),
    case("gamma_3x3", "weak gamma: weights from a parameter file, Poisson drives, a tonic bias", (3, 3), tstop=250.0, params=GAMMA, drives=[
        kind("poisson", "poisson", rate_constant={"L2_pyramidal": 140.0, "L5_pyramidal": 40.0}, weights_ampa={"L2_pyramidal": 8e-4, "L5_pyramidal": 7.5e-3}, location="proximal", synaptic_delays={"L2_pyramidal": 0.1, "L5_pyramidal": 1.0}, event_seed=1349),
    ], biases=[{"bias_name": "tonic", "amplitude": {"L5_pyramidal": 6.0}, "t0": 100.0}]),
    case("alpha_3x3", "bursts at 10 Hz with jitter of the start", (3, 3), tstop=310.0, drives=[
        kind("bursty", "alpha_prox", tstart=50.0, tstart_std=5.0, burst_rate=10.0, burst_std=20.0, numspikes=2, spike_isi=10.0, n_drive_cells=10, location="proximal",
             weights_ampa={"L2_pyramidal": 5.4e-3, "L5_pyramidal": 5.4e-3}, synaptic_delays={"L2_pyramidal": 0.1, "L5_pyramidal": 1.0}, event_seed=284),
        kind("bursty", "alpha_dist", tstart=55.0, burst_rate=10.0, burst_std=15.0, location="distal", cell_specific=True, n_drive_cells="n_cells",
             weights_ampa={"L2_pyramidal": 5.4e-4, "L5_pyramidal": 5.4e-4}, synaptic_delays={"L2_pyramidal": 5.0, "L5_pyramidal": 5.0}, event_seed=7),
    ], n_trials=2),
    case("noise_3x3", "Poisson drives, rates by cell type and one rate", (3, 3), tstop=200.0, drives=[
        kind("poisson", "extgauss", rate_constant={"L2_basket": 30.0, "L2_pyramidal": 100.0, "L5_basket": 30.0, "L5_pyramidal": 140.0}, location="proximal", weights_ampa={k: 10 * v for k, v in BY_TYPE.items()}, weights_nmda={"L5_pyramidal": 1e-4}, synaptic_delays=DELAYS, event_seed=5),
        kind("poisson", "few", tstart=40.0, tstop=160.0, rate_constant=50.0, n_drive_cells=4, cell_specific=False, location="distal", weights_ampa={"L2_pyramidal": 2e-3, "L5_pyramidal": 2e-3}, synaptic_delays=0.1),
    ], n_trials=2),
    case("lfp_bias_3x3", "LFP by points and by lines, tonic biases, ERP drives", (3, 3), tstop=120.0, erp=True, electrodes=ARRAYS, biases=[
        {"bias_name": "up", "amplitude": {"L2_pyramidal": 0.1, "L5_pyramidal": 0.3}, "t0": 10.0, "tstop": 80.0},
        {"bias_name": "tuft", "amplitude": {"L5_pyramidal": 0.2}, "section": "apical_tuft", "t0": 0.0},
        {"bias_name": "down", "amplitude": {"L2_basket": -0.02}, "t0": 40.01},
    ], records={"record_vsec": "soma", "record_isec": "all"}),
    case("mixture_4x3", "probabilities, cell-specific bursts with jitter, a spike train", (4, 3), tstop=120.0, drives=[
        kind("bursty", "bursts", tstart=20.0, tstart_std=3.0, tstop=100.0, burst_rate=20.0, burst_std=4.0, numspikes=3, spike_isi=4.0, n_drive_cells="n_cells", cell_specific=True, location="proximal", probability=0.6, conn_seed=9, event_seed=21,
             weights_ampa={k: 60 * v for k, v in BY_TYPE.items()}, weights_nmda={"L5_pyramidal": 1e-3}, synaptic_delays=DELAYS, space_constant=5.0),
        kind("spike_train", "train", spike_data={"a": [0.0, 10.0, 33.3, 33.3], "b": [], "c": [12.5, 60.0, 150.0]}, location="distal", conn_seed=4, probability={"L2_pyramidal": 0.5, "L5_pyramidal": 1.0},
             weights_ampa={"L2_pyramidal": 0.01, "L5_pyramidal": 0.02}, synaptic_delays=0.2),
    ], n_trials=2),
    case("custom_3x3", "changed lengths, kinetics, conductances, gains, a deleted connection, another in-plane distance, a drive at apical_tuft", (3, 3), tstop=120.0, erp=True, set=[
        ["cells.L5_pyramidal.sections.apical_1.L", 560.0],
        ["cells.L2_pyramidal.sections.basal_2.diam", 5.5],
        ["cells.L5_pyramidal.sections.soma.Ra", 150.0],
        ["cells.L2_basket.sections.soma.cm", 0.9],
        ["cells.L5_pyramidal.synapses.gabaa.tau2", 8.0],
        ["cells.L2_pyramidal.synapses.nmda.tau1", 2.5],
        ["cells.L2_pyramidal.sections.soma.mechs.hh2.gnabar_hh2", 0.2],
        ["cells.L5_pyramidal.sections.apical_tuft.mechs.ca.gbar_ca", 90.0],
        ["inplane_distance", 3.5],
        ["delete", {"src": "L2_basket", "target": "L5_pyramidal"}],
        ["connections", {"src": "L5_basket", "target": "L5_pyramidal", "receptor": "gabaa"}, "weight", 0.04],
        ["connections", {"src": "L2_pyramidal", "target": "L2_pyramidal", "receptor": "nmda"}, "delay", 1.7],
        ["connections", {"src": "L2_pyramidal", "target": "L2_basket"}, "lamtha", 4.5],
        ["gains", {"e_e": 1.2, "i_e": 0.7}],
    ], drives=[evoked("tuft", 60.0, 4.0, location="apical_tuft", weights_ampa={"L2_pyramidal": 0.01, "L5_pyramidal": 0.02})]),
    case("types_3x3", "renamed cell types, and one that was added", (3, 3), tstop=120.0, set=[
        ["rename", {"L2_basket": "L2_interneuron", "L5_pyramidal": "L5_PT"}],
        ["add_cell_type", {"name": "L5_slow", "like": "L5_basket", "pos": [[0.0, 0.0, 0.0], [1.0, 2.0, 0.0], [2.0, 0.5, 10.0]]}],
        ["cells.L5_slow.synapses.ampa.tau2", 9.0],
        ["connect", {"src_gids": "L5_PT", "target_gids": "L5_slow", "loc": "soma", "receptor": "ampa", "weight": 0.01, "delay": 1.0, "lamtha": 3.0}],
        ["connect", {"src_gids": "L5_slow", "target_gids": "L5_PT", "loc": "soma", "receptor": "gabaa", "weight": 0.02, "delay": 1.0, "lamtha": 20.0}],
    ], drives=[
        evoked("prox", 30.0, 3.0, location="proximal", weights_ampa={"L2_interneuron": 0.08, "L2_pyramidal": 0.02, "L5_basket": 0.1, "L5_PT": 0.01, "L5_slow": 0.05}, weights_nmda={"L5_PT": 0.002}, synaptic_delays=0.3),
        evoked("dist", 60.0, 3.0, location="distal", weights_ampa={"L2_interneuron": 0.01, "L2_pyramidal": 0.002, "L5_PT": 0.1}, weights_nmda={"L5_PT": 0.08}),
    ]),
    case("temperature_3x3", "another temperature, and thresholds by connection", (3, 3), tstop=120.0, erp=True, set=[
        ["celsius", 33.0],
        ["connections", {"src": "L2_pyramidal"}, "threshold", -15.0],
        ["connections", {"src": "L5_basket"}, "threshold", 10.0],
    ]),
    case("distance_3x3", "another in-plane distance and kinetics, a drive at apical_tuft, pruned pairs", (3, 3), tstop=120.0, erp=True, set=[
        ["inplane_distance", 3.5],
        ["cells.L5_pyramidal.synapses.gabaa.tau2", 8.0],
        ["cells.L2_basket.sections.soma.cm", 0.9],
        ["gains", {"e_e": 1.2, "i_e": 0.7}],
    ], drives=[evoked("tuft", 60.0, 4.0, location="apical_tuft", weights_ampa={"L2_pyramidal": 0.01, "L5_pyramidal": 0.02}, probability=0.6, conn_seed=5)]),
    case("leaky_2x2", "NEURON's pas beside hh2: in the soma of basket cells, and in two sections of pyramidal cells", (2, 2), tstop=80.0, erp=True, set=[
        ["cells.L2_basket.sections.soma.mechs.pas.g_pas", 2e-4],
        ["cells.L2_basket.sections.soma.mechs.pas.e_pas", -62.0],
        ["cells.L5_pyramidal.sections.apical_tuft.mechs.pas.g_pas", 1e-4],
        ["cells.L5_pyramidal.sections.apical_tuft.mechs.pas.e_pas", -75.0],
        ["cells.L2_pyramidal.sections.basal_2.mechs.pas.g_pas", 1e-4],
    ], drives=[evoked("early", 10.0, 2.0, location="proximal", weights_ampa={"L2_basket": 0.1, "L2_pyramidal": 0.05, "L5_pyramidal": 0.03})]),
    case("deleted_2x2", "drives that were removed again, one with its gids", (2, 2), tstop=40.0, n_trials=2, drives=[
        evoked("first", 8.0, 2.0, location="proximal", weights_ampa={"L2_basket": 0.1, "L2_pyramidal": 0.05, "L5_pyramidal": 0.03}, event_seed=2),
        evoked("second", 12.0, 2.0, location="proximal", weights_ampa={"L2_basket": 0.1, "L2_pyramidal": 0.05}, event_seed=3),
        evoked("third", 14.0, 2.0, location="distal", weights_ampa={"L2_pyramidal": 0.05, "L5_pyramidal": 0.03}, event_seed=4),
        evoked("fourth", 18.0, 2.0, location="proximal", weights_ampa={"L2_basket": 0.1, "L2_pyramidal": 0.05, "L5_pyramidal": 0.03}, event_seed=5),
    ], deleted=["second", "third"], forgotten=["second"]),
    case("long_2x2", "two seconds: denormal conductances, the second branch of the baseline", (2, 2), tstop=2000.0, erp=True, dt=0.05),
]


def _connections(net, which):
    from hnn_core import pick_connection

    arguments = {"src": "src_gids", "target": "target_gids", "receptor": "receptor", "loc": "loc"}
    return pick_connection(net, **{arguments[k]: v for k, v in which.items()})


def change(net, path, *values):
    """Applies one entry of `set`."""
    steps = path.split(".")
    if path == "connections":
        which, field, value = values
        for index in _connections(net, which):
            connection = net.connectivity[index]
            key = {"weight": "A_weight", "delay": "A_delay"}.get(field, field)
            connection["nc_dict"][key] = value
    elif path == "delete":
        for index in sorted(_connections(net, values[0]), reverse=True):
            del net.connectivity[index]
    elif path == "gains":
        net.set_global_synaptic_gains(**values[0])
    elif path == "rename":
        net._rename_cell_types(values[0])
    elif path == "add_cell_type":
        new = values[0]
        net._add_cell_type(new["name"], [tuple(p) for p in new["pos"]], deepcopy(net.cell_types[new["like"]]))
    elif path == "connect":
        net.add_connection(**values[0])
    elif path == "inplane_distance":
        net.set_cell_positions(inplane_distance=values[0])
    elif path == "celsius":
        net._params["celsius"] = values[0]
    elif steps[0] == "cells":
        cell = net.cell_types[steps[1]]["cell_object"]
        if steps[2] == "synapses":
            cell.synapses[steps[3]][steps[4]] = values[0]
        elif steps[4] == "mechs":
            cell.sections[steps[3]].mechs.setdefault(steps[5], {})[steps[6]] = values[0]
        else:
            cell.modify_section(steps[3], **{steps[4]: values[0]})
    else:
        raise ValueError(path)


def build(case):
    """The network of a case, made by the original."""
    import hnn_core
    from hnn_core.network_models import add_erp_drives_to_jones_model

    params = hnn_core.Params(case["params"]) if case.get("params") else None
    net = getattr(hnn_core, case["model"] + "_model")(params, mesh_shape=tuple(case["mesh_shape"]))
    for entry in case.get("set", []):
        change(net, *entry)
    if case["erp"]:
        add_erp_drives_to_jones_model(net)
    for drive in case["drives"]:
        drive = dict(drive)
        kind = drive.pop("type")
        getattr(net, f"add_{kind}_drive")(**drive)
    for name in case.get("deleted", []):
        del net.external_drives[name]
        net.connectivity = [conn for conn in net.connectivity if conn["src_type"] != name]
    for name in case.get("forgotten", []):
        del net.gid_ranges[name], net.pos_dict[name]
    for bias in case.get("biases", []):
        net.add_tonic_bias(**bias)
    for name, array in case.get("electrodes", {}).items():
        net.add_electrode_array(name, **{**array, "electrode_pos": [tuple(p) for p in array["electrode_pos"]]})
    return net
