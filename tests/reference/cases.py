"""The networks that results are compared on: plain descriptions, read by make_networks.py, by scripts/parity.py and (as written into
networks/*.json) by tests/exactness.rs.

A case is a model with a mesh, ERP drives or not, evoked drives with the arguments of hnn-core's `add_evoked_drive`, and a simulation.
"""

ERP = {"erp": True, "drives": []}


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


def case(name, what, mesh_shape, tstop=170.0, dt=0.025, n_trials=1, erp=False, drives=(), **more):
    return {"name": name, "what": what, "model": "neymotin_2020", "mesh_shape": list(mesh_shape), "erp": erp, "drives": list(drives),
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


def build(case):
    """The network of a case, made by the original."""
    import hnn_core
    from hnn_core.network_models import add_erp_drives_to_jones_model

    net = getattr(hnn_core, case["model"] + "_model")(mesh_shape=tuple(case["mesh_shape"]))
    if case["erp"]:
        add_erp_drives_to_jones_model(net)
    for drive in case["drives"]:
        drive = dict(drive)
        kind = drive.pop("type")
        getattr(net, f"add_{kind}_drive")(**drive)
    return net
