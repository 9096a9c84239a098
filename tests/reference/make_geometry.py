"""geometry.json: areas, axial resistances, dipole weights, positions and per-segment parameters of built cells."""

from common import mechanisms, write

h = mechanisms()
from hnn_core.cells_default import basket, pyramidal, pyramidal_ca  # noqa: E402


def changed():
    """L5 cell with changed lengths, diameters and resistivities; nseg stays (J2), ends of sections move."""
    cell = pyramidal("L5_pyramidal")
    cell.modify_section("apical_1", L=560.0, diam=3.3, Ra=150.0)
    cell.modify_section("soma", L=41.5, diam=20.0, Ra=120.0, cm=1.1)
    cell.modify_section("basal_2", L=301.7, v0=-70.5)
    return cell


def even():
    """L2 cell with an even number of segments in two sections and a soma of two."""
    cell = pyramidal("L2_pyramidal")
    cell.sections["soma"].nseg = 2
    cell.sections["apical_1"].nseg = 4
    cell.sections["apical_tuft"].nseg = 6
    return cell


CELLS = {
    "L2_basket": (basket("L2_basket"), (0.0, 0.0, 0.0)),
    "L5_basket": (basket("L5_basket"), (4.0, 1.0, 261.48)),
    "L2_pyramidal": (pyramidal("L2_pyramidal"), (0.0, 0.0, 0.0)),
    "L5_pyramidal": (pyramidal("L5_pyramidal"), (0.0, 0.0, 0.0)),
    "L2_pyramidal elsewhere": (pyramidal("L2_pyramidal"), (7.3, 2.1, 1307.4)),
    "L5_pyramidal of the calcium model": (pyramidal_ca("L5_pyramidal", pos=(0.0, 0.0, 0.0)), (0.0, 0.0, 0.0)),
    "L5_pyramidal with changed sections": (changed(), (0.0, 0.0, 0.0)),
    "L2_pyramidal with even nseg": (even(), (0.0, 0.0, 0.0)),
}
PARAMETERS = ["gnabar_hh2", "gkbar_hh2", "gl_hh2", "el_hh2", "gbar_km", "gbar_kca", "gbar_ca", "taur_cad", "gbar_cat", "gbar_ar", "cm"]

def main():
    out, keep = {}, []
    for name, (template, pos) in CELLS.items():
        cell = template.copy()
        cell.pos = pos
        pyr = "pyramidal" in name
        cell.build(sec_name_apical="apical_trunk" if pyr else None)
        h.celsius = 37.0
        h.finitialize()
        sections = {}
        names = {sec: n for n, sec in cell._nrn_sections.items()}
        for sec_name, sec in cell._nrn_sections.items():
            parent = sec.parentseg()
            s = {
                "nseg": sec.nseg,
                "L": sec.L,
                "diam": sec.diam,
                "Ra": sec.Ra,
                "parent": None if parent is None else [names[parent.sec], parent.x],
                "area": [h.area(seg.x, sec=sec) for seg in sec],
                "ri": [h.ri(seg.x, sec=sec) for seg in sec] + [h.ri(1, sec=sec)],
                "ends": [[sec.x3d(i), sec.y3d(i), sec.z3d(i)] for i in (0, 1)],
                "v": [seg.v for seg in sec.allseg()],
                "parameters": {p: [getattr(seg, p) for seg in sec] for p in PARAMETERS if hasattr(sec(0.5), p)},
            }
            if pyr:
                pp = next(p for p in cell.dipole_pp if p.get_segment().sec == sec)
                s["ztan"] = [seg.dipole.ztan for seg in sec] + [pp.ztan]
                assert s["ri"] == [seg.dipole.ri for seg in sec] + [pp.ri]
            sections[sec_name] = s
        out[name] = {"pos": pos, "sections": sections}
        keep.append(cell)

    write("geometry", "areas (um2), axial resistances ri (MOhm, last one of the 1 end), dipole weights ztan (um, last one of the 1 end), float32 end points (um), "
          "initial potentials v of the 0 end, the segments and the 1 end (mV), and parameters of every segment",
          "1e-12 relative; ends exactly", {"cells": out})


if __name__ == "__main__":
    main()
