"""From hnn-core's networks, as they are in memory, to the solver's."""

from __future__ import annotations

import json
from typing import Any

from ._hnn_sweep import Network, NetworkError

SECTION = ("L", "diam", "Ra", "cm", "v0", "nseg")
ARRAY = ("positions", "conductivity", "method", "min_distance")


def convert(net: Any) -> Network:
    """Convert an :class:`hnn_core.Network` exactly: every number with all its bits.

    The object itself is read, not what ``write_configuration`` makes of it, which loses some: the in-plane distance, the
    threshold that is simulated, events of pruned cells.

    Parameters
    ----------
    net : hnn_core.Network
        Any network that hnn-core can simulate.

    Returns
    -------
    Network
        The same network for the solver.

    Raises
    ------
    NetworkError
        If it has something that the solver does not know; the error names it.
    """
    return from_document(document(net))


def from_document(made: dict[str, Any]) -> Network:
    """The network that a document of :func:`document` describes."""
    return Network.from_json(json.dumps(made, default=_plain))


def _plain(value: Any) -> Any:
    """NumPy's scalars and arrays as Python's own."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise NetworkError(f"the network holds {value!r}, which the solver cannot simulate")


def document(net: Any) -> dict[str, Any]:
    """What a network file would say of a network, and what it leaves out under the key ``hnn_sweep``."""
    params = net._params
    own: dict[str, Any] = {
        "inplane_distance": net._inplane_distance,
        "layer_separation": net._layer_separation,
    }
    for key in ("dipole_smooth_win", "dipole_scalefctr"):
        if params.get(key) is not None:
            own[key] = params[key]
    gid_ranges = {str(name): _range(name, gids) for name, gids in net.gid_ranges.items()}
    positions = {str(name): list(points) for name, points in net.pos_dict.items() if name in gid_ranges}
    positions["origin"] = net.pos_dict.get("origin", (0.0, 0.0, 0.0))
    drives = {str(name): _drive(net, drive) for name, drive in net.external_drives.items()}
    _add_silent(net, gid_ranges, positions, drives)
    return {
        "object_type": "Network",
        "legacy_mode": bool(net._legacy_mode),
        "N_pyr_x": net._N_pyr_x,
        "N_pyr_y": net._N_pyr_y,
        "celsius": params["celsius"],
        "cell_types": {str(name): _cell_type(name, template) for name, template in net.cell_types.items()},
        "gid_ranges": gid_ranges,
        "pos_dict": positions,
        "external_drives": drives,
        "external_biases": net.external_biases,
        "connectivity": [_connection(conn) for conn in net.connectivity],
        "rec_arrays": {
            str(name): {key: getattr(array, key) for key in ARRAY} for name, array in net.rec_arrays.items()
        },
        # What NetworkBuilder simulates; `net.threshold` is a default for connections that are yet to be made.
        "threshold": params["threshold"],
        "delay": net.delay,
        "hnn_sweep": own,
    }


def _range(name: str, gids: Any) -> dict[str, int]:
    if not isinstance(gids, range) or gids.step != 1:
        raise NetworkError(f"gid_ranges[{name!r}] is {gids!r}; it must be a range without gaps")
    return {"start": gids.start, "stop": gids.stop}


def _add_silent(net: Any, gid_ranges: dict, positions: dict, drives: dict) -> None:
    """Gids without a cell or drive, which a deleted drive leaves behind, as drives that are silent: their number is part of the
    seeds of all other drives."""
    end = max((gids["stop"] for gids in gid_ranges.values()), default=0)
    if net._n_gids < end:
        raise NetworkError(
            f"net._n_gids is {net._n_gids}, and gid_ranges reach up to {end}: hnn-core would give gids out twice"
        )
    known = 0
    for name, gids in sorted(gid_ranges.items(), key=lambda item: item[1]["start"]):
        if gids["start"] > known:
            _silent(net, f"gids {known}-{gids['start'] - 1}", known, gids["start"], gid_ranges, positions, drives)
        known = max(known, gids["stop"])
    if net._n_gids > known:
        _silent(net, f"gids {known}-{net._n_gids - 1}", known, net._n_gids, gid_ranges, positions, drives)
    for name, gids in list(gid_ranges.items()):
        if name not in net.cell_types and name not in drives:
            _silent(net, name, gids["start"], gids["stop"], gid_ranges, positions, drives)


def _silent(net: Any, name: str, start: int, stop: int, gid_ranges: dict, positions: dict, drives: dict) -> None:
    gid_ranges[name] = {"start": start, "stop": stop}
    positions.setdefault(name, [positions["origin"]] * (stop - start))
    drives[name] = {
        "type": "spike_train",
        "location": "soma",
        "n_drive_cells": stop - start,
        "event_seed": 0,
        "conn_seed": None,
        "dynamics": {"times": [], "gids": []},
        "weights_ampa": None,
        "weights_nmda": None,
        "synaptic_delays": 0.0,
        "probability": 1.0,
        "target_types": [],
        "cell_specific": False,
    }


def _cell_type(name: str, template: Any) -> dict[str, Any]:
    if isinstance(template, dict):
        cell, metadata = template["cell_object"], template["cell_metadata"]
        return {"cell_object": _cell(cell), "cell_metadata": metadata}
    return _cell(template)  # before 0.6.1


def _cell(cell: Any) -> dict[str, Any]:
    tree = None
    if cell.cell_tree is not None:
        tree = {_node(parent): [_node(child) for child in children] for parent, children in cell.cell_tree.items()}
    return {
        "name": cell.name,
        "pos": list(cell.pos),
        "sections": {str(name): _section(section) for name, section in cell.sections.items()},
        "synapses": cell.synapses,
        "cell_tree": tree,
        "sect_loc": cell.sect_loc,
    }


def _node(node: tuple[str, int]) -> str:
    return f"{node[0]},{node[1]}"


def _section(section: Any) -> dict[str, Any]:
    made = {key: getattr(section, key) for key in SECTION}
    made["end_pts"] = section.end_pts
    made["mechs"] = section.mechs
    made["syns"] = section.syns
    return made


def _connection(conn: Any) -> dict[str, Any]:
    return {
        "src_type": conn["src_type"],
        "target_type": conn["target_type"],
        "src_gids": list(conn["src_gids"]),
        "target_gids": list(conn["target_gids"]),
        "gid_pairs": {str(src): targets for src, targets in conn["gid_pairs"].items()},
        "loc": conn["loc"],
        "receptor": conn["receptor"],
        "nc_dict": conn["nc_dict"],
        "allow_autapses": bool(conn["allow_autapses"]),
        "probability": conn["probability"],
    }


def _drive(net: Any, drive: Any) -> dict[str, Any]:
    made = {key: drive[key] for key in ("type", "location", "n_drive_cells", "event_seed", "dynamics", "cell_specific")}
    made["conn_seed"] = drive.get("conn_seed")
    targets = set(drive["target_types"])
    made["target_types"] = [name for name in net.cell_types if name in targets]
    made["weights_ampa"] = drive.get("weights_ampa")
    made["weights_nmda"] = drive.get("weights_nmda")
    made["probability"] = drive.get("probability", 1.0)
    made["synaptic_delays"] = drive.get("synaptic_delays", 0.1)
    return made
