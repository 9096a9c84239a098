"""Shows that the real hnn-core reads the network files written here and simulates the same as its own networks.

    NETWORK_FILES=/tmp/files cargo test --test network_json -- --ignored write_files
    python tests/reference/network_roundtrip.py /tmp/files

Prints one line per network; ends with an error where spikes differ or the dipole by more than 1e-9 of its peak.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from network_reference import drives_of_all_kinds, erp

from hnn_core import calcium_model, law_2021_model, read_network_configuration, simulate_dipole
from hnn_core.network_models import add_erp_drives_to_jones_model

warnings.filterwarnings("ignore")


def law():
    net = law_2021_model(mesh_shape=(2, 3))
    net.set_cell_positions(inplane_distance=2.0)
    add_erp_drives_to_jones_model(net, tstart=-20.0)
    return net


NETWORKS = {
    "erp": lambda: erp((3, 3)),
    "law": law,
    "calcium": lambda: erp((1, 2), calcium_model),
    "all": lambda: drives_of_all_kinds((2, 3), trains=False),
}


def simulate(net):
    dipole = simulate_dipole(net, tstop=100.0, n_trials=2, record_vsec=False)[1].data["agg"]
    times = np.array(net.cell_response.spike_times[1])
    gids = np.array(net.cell_response.spike_gids[1])
    order = np.lexsort((gids, times))
    return dipole, times[order], gids[order]


def main():
    folder = Path(sys.argv[1])
    failed = False
    for name, make in NETWORKS.items():
        dipole, times, gids = simulate(make())
        dipole_read, times_read, gids_read = simulate(read_network_configuration(folder / f"{name}.json"))
        same = np.array_equal(gids, gids_read) and np.array_equal(times, times_read)
        error = np.abs(dipole - dipole_read).max() / np.abs(dipole).max()
        print(f"{name}: {len(times)} spikes, {'equal' if same else 'DIFFERENT'}; dipole differs by {error:.1e} of its peak")
        failed |= not same or error > 1e-9
    sys.exit(failed)


if __name__ == "__main__":
    main()
