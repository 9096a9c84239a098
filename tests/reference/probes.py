"""Small experiments with the original, one per question of NOTES.md: `python probes.py [letters]`."""

import sys

import numpy as np

from common import *  # noqa: F403
from common import cell_network, attach_trains, events_network, mechanisms, simulate, soma_cell


def spikes_of(net):
    r = net.cell_response
    return list(zip(map(repr, map(float, r.spike_times[0])), r.spike_gids[0], r.spike_types[0]))


def first(net, name):
    """gid of the first cell of a type."""
    return net.gid_ranges[name][0]


def cell_of(builder, name):
    """The first simulated cell of a type."""
    gid = builder.net.gid_ranges[name][0]
    return next(c for c in builder._cells if c.gid == gid)


def hh():
    return {"hh2": {}}


def a():
    """Threshold below the initial potential."""
    net = cell_network("L2_basket", soma_cell(hh()), threshold=-80.0)
    simulate(net, 5.0, record_vsec="soma")
    v = np.array(net.cell_response.vsec[0][0]["soma"])
    print("threshold -80, v[0:3]", v[:3].tolist(), "spikes", spikes_of(net))
    net = cell_network("L2_basket", soma_cell(hh()), threshold=-65.0)
    simulate(net, 5.0, record_vsec="soma")
    print("threshold -65 = v[0], v[0:3]", np.array(net.cell_response.vsec[0][0]["soma"])[:3].tolist(), "spikes", spikes_of(net))


def direct(mechs, celsius=37.0, tstop=2.0, amp=0.0, dt=0.025, v0=-65.0, states=(), L=39.0, diam=20.0):
    """One compartment in NEURON itself; rows (t, v, *states) of every sample."""
    h = mechanisms()
    from hnn_core import network_builder as nb

    nb._PC.gid_clear()
    cell = soma_cell(mechs, v0=v0, L=L, diam=diam)
    cell.build()
    seg = cell._nrn_sections["soma"](0.5)
    stim = h.IClamp(seg)
    stim.delay, stim.dur, stim.amp = 0.0, 1e9, amp
    h.celsius, h.dt = celsius, dt
    names = ["v", *states]
    vecs = [h.Vector().record(getattr(seg, "_ref_" + n)) for n in names]
    tv = h.Vector().record(h._ref_t)
    nb._PC.set_maxstep(10)
    h.finitialize()
    h.fcurrent()
    nb._PC.psolve(tstop)
    return cell, np.array(tv), {n: np.array(x) for n, x in zip(names, vecs)}


def b():
    """ca without cad, with and without kca; and other celsius."""
    h = mechanisms()
    for label, mechs in {
        "ca": {"hh2": {}, "ca": {"gbar_ca": 60.0}},
        "ca+kca": {"hh2": {}, "ca": {"gbar_ca": 60.0}, "kca": {"gbar_kca": 2e-4}},
        "ca+cad": {"hh2": {}, "ca": {"gbar_ca": 60.0}, "cad": {"taur_cad": 20.0}},
        "ca+kca+cad": {"hh2": {}, "ca": {"gbar_ca": 60.0}, "kca": {}, "cad": {"taur_cad": 20.0}},
        "cad only": {"hh2": {}, "cad": {"taur_cad": 20.0}},
        "kca only": {"hh2": {}, "kca": {"gbar_kca": 200.0}},
        "cad+kca": {"hh2": {}, "cad": {"taur_cad": 20.0}, "kca": {"gbar_kca": 200.0}},
    }.items():
        for celsius in (37.0, 20.0):
            cell, t, r = direct(mechs, celsius, 3.0, amp=1.0, states=("eca",) if "ca" in mechs else ())
            sec = cell._nrn_sections["soma"]
            seg = sec(0.5)
            has = {n: getattr(seg, n) for n in ("cai", "cao", "eca", "ica") if hasattr(seg, n)}
            style = h.ion_style("ca_ion", sec=sec)
            print(f"{label:12s} celsius {celsius}: ion_style {int(style):#o}; at the end {has}; eca", [repr(float(x)) for x in r["eca"][:3]] if "eca" in r else None)


    for mechs in ({"hh2": {}}, {"ca": {"gbar_ca": 60.0}}, {"kca": {}}, {"ca": {}, "cad": {"taur_cad": 20.0}}, {"cat": {}, "ar": {}}):
        net = cell_network("L2_basket", soma_cell(mechs))
        simulate(net, 1.0, record_ca="soma")
        print("record_ca of a section with", list(mechs), {k: v[:3] for k, v in net.cell_response.ca[0][0].items()})


def c():
    """Re-arming of the threshold detector: v must fall to the threshold or below."""
    # no active channels: the potential follows the clamp slowly; use exact plateaus by pas-like hh2 with gnabar 0
    h = mechanisms()
    from hnn_core import network_builder as nb

    sec = h.Section(name="c")
    sec.L = sec.diam = 10
    nc = h.NetCon(sec(0.5)._ref_v, None, sec=sec)
    times = h.Vector()
    nc.record(times)
    values = [-65, -65, 1, 2, 0.0, 0.5, 1, -1e-9, 0.0, 3, -5, 5, 5, 0, 0, 1, 0, 2, -70, -70]
    nc.threshold = 0.0
    h.dt = 0.025
    h.finitialize(-65)
    rec = []
    for k, x in enumerate(values):
        # the detector compares at the start of the next step
        sec.v = x
        sec(0.5).v = x
        n = times.size()
        h.fadvance()
        rec.append((x, int(times.size() - n)))
    print("value of v at a sample, spike reported:", rec)


def d():
    """Order of the list when drive events and cell spikes coincide."""
    cell = soma_cell(hh())
    net = events_network("L2_basket", cell, [[1.0]], weight=0.05, delay=0.0, mesh_shape=(3, 3))
    simulate(net, 8.0, record_vsec="soma")
    s = spikes_of(net)
    print("strong event at 1.0:", s)
    ts = float(s[1][0])
    k = round(ts / 0.025)
    times = np.array(net.cell_response.times)
    grid = float(times[k])
    print("cells fire at sample", k, repr(grid))
    for label, tt in {
        "at the sample's time": grid,
        "at the sample's time + 1e-10": grid + 1e-10,
        "at the sample's time + 2e-10": grid + 2e-10,
        "at the sample's time - 1e-12": grid - 1e-12,
        "half a step later": grid + 0.0125,
        "a bit more than half a step later": grid + 0.0126,
    }.items():
        net = events_network("L2_basket", soma_cell(hh()), [[1.0], [tt], [tt]], weight=0.05, delay=0.0, mesh_shape=(3, 3))
        simulate(net, 8.0)
        print(label, spikes_of(net))
    for trains in ([[1.0]] * 5, [[1.0, 2.0]] * 4, [[0.5], [1.0], [1.0], [1.0], [0.7], [1.0]], [[0.0]] * 3, [[2.0], [1.0], [2.0], [1.0], [2.0]]):
        net = events_network("L2_basket", soma_cell(hh()), trains, weight=1e-6, delay=0.0)
        simulate(net, 8.0)
        print("trains", trains, "reported (time, drive cell)", [(float(t), int(gid) - 4) for t, gid, _ in spikes_of(net)])


def e():
    """Delays and the sample at which they act."""
    for dt in (0.025, 0.05):
        for delay in (0.0, 0.01, dt / 2, dt / 2 + 1e-9, dt, 0.1):
            for t0 in (1.0, 1.005):
                net = events_network("L2_basket", soma_cell({}, v0=-65.0), [[t0]], weight=0.01, delay=delay)
                simulate(net, 3.0, dt=dt, record_vsec="soma", record_isec="soma")
                v = np.array(net.cell_response.vsec[0][0]["soma"])
                i = np.array(net.cell_response.isec[0][0]["soma"]["soma_ampa"])
                times = np.array(net.cell_response.times)
                kv, ki = int(np.argmax(v != v[0])), int(np.argmax(i != 0))
                print(f"dt {dt} event {t0} delay {delay}: first v change at sample {kv} (t={times[kv]:.4f}), first isec at sample {ki}; first i {i[ki]!r}")


def f():
    """isec[0], isec at an event; ca[0]."""
    from hnn_core.cells_default import pyramidal

    net = events_network("L5_pyramidal", pyramidal("L5_pyramidal"), [[0.0], [1.0]], weight=0.01, delay=0.0, location="proximal")
    simulate(net, 3.0, record_vsec="all", record_isec="all", record_ca="all")
    r = net.cell_response
    v, i, ca = (x[0][first(net, 'L5_pyramidal')] for x in (r.vsec, r.isec, r.ca))
    print("ca[0:4] soma", [repr(x) for x in ca["soma"][:4]], "sections with ca", list(ca))
    cur = i["basal_2"]["basal_2_ampa"]
    vb = v["basal_2"]
    print("isec basal_2_ampa [0:4]", [repr(x) for x in cur[:4]], "[39:44]", [repr(x) for x in cur[39:44]])
    print("isec names", {k: list(x) for k, x in i.items()})
    # conductance from the current and the potential one sample earlier
    tau1, tau2, e0 = 0.5, 5.0, 0.0
    tp = tau1 * tau2 / (tau2 - tau1) * np.log(tau2 / tau1)
    fac = 1 / (-np.exp(-tp / tau1) + np.exp(-tp / tau2))
    A = B = 0.0
    times = np.array(r.times)
    g = [0.0]
    pending = [0.0, 1.0]
    err = 0
    expect = [0.0]
    for k in range(len(times) - 1):
        for te in list(pending):
            if te <= times[k] + 0.0125:
                A += 0.01 * fac
                B += 0.01 * fac
                pending.remove(te)
        expect.append((B - A) * (vb[k] - e0))
        A += (1 - np.exp(0.025 * (-1 / tau1))) * (-A)
        B += (1 - np.exp(0.025 * (-1 / tau2))) * (-B)
        for te in list(pending):
            if te <= times[k + 1]:
                A += 0.01 * fac
                B += 0.01 * fac
                pending.remove(te)
    expect = np.array(expect)
    err = np.max(np.abs(expect - np.array(cur))) / np.max(np.abs(cur))
    print("replayed isec, worst relative error", err)


def g():
    """LFP of one cell: transfer resistances, end points, i_membrane_ of the first steps."""
    from hnn_core.cells_default import pyramidal
    from hnn_core import network_builder as nb

    net = events_network("L5_pyramidal", pyramidal("L5_pyramidal"), [[0.0]], weight=0.01, delay=0.0, location="proximal")
    net.pos_dict["L5_pyramidal"] = [(1.3, 2.7, 0.0)]
    for m in ("psa", "lsa"):
        net.add_electrode_array(m, [(3.0, 4.0, 50.0), (1.3, 2.7, 300.0), (100.0, -40.0, 1000.0)], method=m, conductivity=0.3, min_distance=0.5)
    simulate(net, 1.0)
    for m in ("psa", "lsa"):
        arr = net.rec_arrays[m]
        print(m, "samples 0..3 of contact 0:", [repr(float(x)) for x in arr.voltages[0][0][:4]], "n", arr.voltages.shape, "times equal", np.array_equal(arr.times, net.cell_response.times))
    builder = nb._LAST_NETWORK
    cell = cell_of(builder, 'L5_pyramidal')
    for name, sec in cell._nrn_sections.items():
        print(name, [[sec.x3d(i), sec.y3d(i), sec.z3d(i)] for i in (0, 1)], "L", repr(sec.L), "diam3d", sec.diam3d(0))
    order = [s.name() for s in nb.h.allsec()]
    print("section order", order[-9:])
    imem = builder._nrn_rec_arrays["psa"]._nrn_imem_vec
    print("i_membrane_ sum at the end", sum(imem), "first", [repr(x) for x in list(imem)[:3]])


def hh_probe():
    """IClamp on and off, bias on a section with several segments."""
    from hnn_core.cells_default import pyramidal

    for t0, tstop, dt in ((1.0, 2.0, 0.025), (1.01, 2.01, 0.025), (1.0125, 2.0125, 0.025), (0.0, 2.0, 0.025), (1.0, 2.0, 0.05)):
        net = cell_network("L2_basket", soma_cell({}))
        net.add_tonic_bias(cell_type="L2_basket", amplitude=1.0, t0=t0, tstop=tstop)
        simulate(net, 3.0, dt=dt, record_vsec="soma")
        v = np.array(net.cell_response.vsec[0][0]["soma"])
        times = np.array(net.cell_response.times)
        on = np.flatnonzero(np.diff(v) != 0)
        print(f"t0 {t0} tstop {tstop} dt {dt}: v changes in the steps from sample {on[0]} (t={times[on[0]]:.4f}) to the one from sample {on[-1]} (t={times[on[-1]]:.4f}); {len(on)} steps; first change {np.diff(v)[on[0]]!r}")
    net = cell_network("L5_pyramidal", pyramidal("L5_pyramidal"))
    net.add_tonic_bias(cell_type="L5_pyramidal", section="apical_1", amplitude=0.5, t0=0.0, tstop=5.0)
    print(net.external_biases)
    from hnn_core import network_builder as nb

    simulate(net, 1.0)
    st = cell_of(nb._LAST_NETWORK, 'L5_pyramidal').tonic_biases[0]
    print("IClamp sits at", st.get_segment(), "nseg", st.get_segment().sec.nseg)


def i():
    """Per-segment lists that are longer or shorter than nseg."""
    from hnn_core.cells_default import pyramidal
    from hnn_core import network_builder as nb

    for nseg in (3, 5, 9):
        cell = pyramidal("L5_pyramidal")
        sec = cell.sections["apical_tuft"]
        old = sec.nseg
        sec.nseg = nseg
        net = cell_network("L5_pyramidal", cell)
        simulate(net, 0.1)
        nrn = cell_of(nb._LAST_NETWORK, 'L5_pyramidal')._nrn_sections["apical_tuft"]
        print(f"nseg {old} -> {nseg}: list {sec.mechs['ar']['gbar_ar'][1]}, set {[s.gbar_ar for s in nrn]}")
    # hh2 per segment and short
    cell = pyramidal("L5_pyramidal")
    cell.sections["apical_tuft"].mechs["hh2"]["gnabar_hh2"] = [[0.1, 0.3], [0.01, 0.02]]
    net = cell_network("L5_pyramidal", cell)
    simulate(net, 0.1)
    nrn = cell_of(nb._LAST_NETWORK, 'L5_pyramidal')._nrn_sections["apical_tuft"]
    print("gnabar_hh2 of a list of 2 in", nrn.nseg, "segments:", [s.gnabar_hh2 for s in nrn])
    for mech, attrs in {"hh2": ["gnabar", "gkbar", "gl", "el"], "km": ["gbar"], "kca": ["gbar"], "ca": ["gbar"], "cad": ["taur"], "cat": ["gbar"], "ar": ["gbar"]}.items():
        s = mechanisms().Section()
        s.insert(mech)
        print("defaults", mech, {a: getattr(s, f"{a}_{mech}") for a in attrs}, "ena/ek/eca", [getattr(s(0.5), e) for e in ("ena", "ek", "eca") if hasattr(s(0.5), e)])


def j():
    """Even nseg: where (0.5) is; a soma with several segments; dipole end pointers."""
    from hnn_core.cells_default import pyramidal
    from hnn_core import network_builder as nb

    h = mechanisms()
    for nseg in (1, 2, 3, 4, 5, 6, 7, 12):
        s = h.Section()
        s.nseg = nseg
        for k, seg in enumerate(s):
            seg.v = k
        print("nseg", nseg, "segment (0-based) of x=0.5:", s(0.5).v, "of x=0.99:", s(0.99).v, "of 0.25, 0.75:", s(0.25).v, s(0.75).v, "node_index", s(0.5).x)
    cell = pyramidal("L5_pyramidal")
    cell.sections["soma"].nseg = 4
    cell.sections["apical_1"].nseg = 4
    net = events_network("L5_pyramidal", cell, [[1.0]], weight=0.02, delay=0.0, location="proximal")
    simulate(net, 20.0, record_vsec="all")
    secs = cell_of(nb._LAST_NETWORK, 'L5_pyramidal')._nrn_sections
    print("soma nseg 4: spike", spikes_of(net), "nrn nseg", secs["soma"].nseg, "recorded apical_1 at", secs["apical_1"](0.5).x)
    print("dpp pv sits at 0.99 ->", [(n, s.nseg, s(0.99).x) for n, s in secs.items()])


def k():
    """ri and area of an L5 cell whose sections have different Ra and diam."""
    from hnn_core.cells_default import pyramidal

    h = mechanisms()
    cell = pyramidal("L5_pyramidal")
    cell.modify_section("apical_1", diam=3.3, Ra=150.0)
    cell.modify_section("soma", diam=20.0, Ra=120.0)
    cell.build("apical_trunk")
    for n, sec in cell._nrn_sections.items():
        d = sec.diam
        f32 = float(np.float32(cell.sections[n].diam))
        ns = sec.nseg
        half = 1e-2 * sec.Ra * (sec.L / ns / 2) / (np.pi * d * d / 4)
        par = sec.parentseg()
        print(n, "nseg", ns, "L==", sec.L == cell.sections[n].L, "diam", repr(d), d == f32, "area", repr(h.area(0.5, sec=sec)), repr(np.pi * d * sec.L / ns), "ri", [repr(h.ri(x.x, sec=sec)) for x in sec][:3], "ri(1)", repr(h.ri(1, sec=sec)), "half", repr(half), "parent", par and (par.sec.name(), par.x))


def l():
    """Exp2Syn with tau1 >= tau2."""
    h = mechanisms()
    s = h.Section()
    s.L = s.diam = 10
    for t1, t2 in ((0.5, 5.0), (5.0, 5.0), (10.0, 5.0), (4.9995, 5.0), (4.9996, 5.0), (1e-12, 5.0), (1e-9, 5.0), (1e-6, 5.0), (0.0, 5.0), (0.5, 0.0)):
        syn = h.Exp2Syn(s(0.5))
        src = h.NetStim()
        src.start, src.number = 0.0, 1
        nc = h.NetCon(src, syn)
        nc.weight[0], nc.delay = 1.0, 0.0
        syn.tau1, syn.tau2, syn.e = t1, t2, 0.0
        got = (syn.tau1, syn.tau2)
        h.dt = 0.025
        try:
            h.finitialize(-65)
            a0, b0 = syn.A, syn.B
            h.fadvance()
            print("tau1", t1, "tau2", t2, "accepted as", got, "after INITIAL", (repr(syn.tau1), syn.tau2), "factor (A at delivery)", repr(a0), "A,B after a step", repr(syn.A), repr(syn.B))
        except Exception as error:
            print("tau1", t1, "tau2", t2, "raises", error)
        del nc, src, syn


PROBES = {"a": a, "b": b, "c": c, "d": d, "e": e, "f": f, "g": g, "h": hh_probe, "i": i, "j": j, "k": k, "l": l}

if __name__ == "__main__":
    for letter in sys.argv[1:] or PROBES:
        print(f"== {letter}: {PROBES[letter].__doc__}")
        PROBES[letter]()
