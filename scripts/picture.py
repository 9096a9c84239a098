"""The picture of the README: dipole and spikes of `pipelines/erp.toml`.

    hnn-sweep run pipelines/erp.toml
    python scripts/picture.py sim_results docs/erp.png

Needs pyarrow and matplotlib.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pyarrow.dataset


def table(folder, name):
    return pyarrow.dataset.dataset(Path(folder) / name, format="parquet", partitioning="hive").to_table().to_pydict()


def main(folder, picture):
    dipole, spikes = table(folder, "dipole"), table(folder, "spikes")
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(8, 5), sharex=True, height_ratios=[2, 3], layout="constrained")
    for name, colour in (("agg", "black"), ("L2", "tab:blue"), ("L5", "tab:red")):
        top.plot(dipole["time"], [1e3 * x for x in dipole[name]], color=colour, lw=1, label=name)
    top.set_ylabel("dipole (pAm)")
    top.legend(frameon=False, ncols=3)
    for name in ("L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal"):
        points = [(t, g) for t, g, c in zip(spikes["time"], spikes["gid"], spikes["cell_type"]) if c == name]
        bottom.scatter(*zip(*points), s=3, label=name)
    bottom.invert_yaxis()
    bottom.set_ylabel("cell (gid)")
    bottom.set_xlabel("time (ms)")
    bottom.legend(frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize="small")
    figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
