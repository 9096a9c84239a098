"""mechanisms.json: one compartment per combination of mechanisms, driven by two current clamps; every state."""

import numpy as np

from common import mechanisms, soma_cell, write

h = mechanisms()
from hnn_core import network_builder as nb  # noqa: E402

L5_SOMA = {
    "hh2": {"gkbar_hh2": 0.01, "gnabar_hh2": 0.16, "gl_hh2": 4.26e-05, "el_hh2": -65.0},
    "ca": {"gbar_ca": 60.0},
    "cad": {"taur_cad": 20.0},
    "kca": {"gbar_kca": 0.0002},
    "km": {"gbar_km": 200.0},
    "cat": {"gbar_cat": 0.0002},
    "ar": {"gbar_ar": 1e-06},
}
BASKET = {"L": 39.0, "diam": 20.0, "cm": 0.85, "Ra": 200.0, "v0": -64.9737}
L5 = {"L": 39.0, "diam": 28.9, "cm": 0.85, "Ra": 200.0, "v0": -72.0}
L2 = {"L": 22.1, "diam": 23.4, "cm": 0.6195, "Ra": 200.0, "v0": -71.46}


def without(*names):
    return {k: v for k, v in L5_SOMA.items() if k not in names}


CASES = {
    "hh2 alone, as in a basket cell": (BASKET, {"hh2": {}}, 37.0, 1.0),
    "hh2 and km, as in the soma of an L2 pyramidal cell": (
        L2, {"km": {"gbar_km": 250.0}, "hh2": {"gkbar_hh2": 0.01, "gnabar_hh2": 0.18, "gl_hh2": 4.26e-05, "el_hh2": -65.0}}, 37.0, 1.0),
    "all seven, as in the soma of an L5 pyramidal cell": (L5, L5_SOMA, 37.0, 2.0),
    "all seven at another temperature": (L5, L5_SOMA, 24.5, 2.0),
    "all seven with their default parameters": (L5, {k: {} for k in L5_SOMA}, 37.0, 8.0),
    "ca without cad and kca": (L5, without("cad", "kca"), 37.0, 2.0),
    "ca without cad and kca at another temperature": (L5, without("cad", "kca"), 24.5, 2.0),
    "ca and kca without cad": (L5, {**without("cad"), "kca": {"gbar_kca": 400.0}}, 37.0, 2.0),
    "cad without ca, as in the soma of law_2021": (L5, without("ca"), 37.0, 2.0),
    "strong kca, ar and cat": (
        L5, {**L5_SOMA, "kca": {"gbar_kca": 400.0}, "ar": {"gbar_ar": 2e-4}, "cat": {"gbar_cat": 0.02}}, 37.0, 2.0),
    "membrane without mechanisms": (BASKET, {}, 37.0, 0.1),
    "pas alone, with its default parameters": (BASKET, {"pas": {}}, 37.0, 0.5),
    "pas alone": (L2, {"pas": {"g_pas": 4e-4, "e_pas": -63.5}}, 37.0, 0.5),
    "pas beside hh2 and its leak": (BASKET, {"hh2": {}, "pas": {"g_pas": 2e-4, "e_pas": -60.0}}, 37.0, 1.0),
    "pas beside all seven": (L5, {**L5_SOMA, "pas": {"g_pas": 1e-4, "e_pas": -75.0}}, 37.0, 2.0),
}
STATES = {"hh2": ["m", "h", "n"], "km": ["n"], "kca": ["n"], "ca": ["m", "h"], "cad": ["ca"], "cat": ["m", "h"], "ar": ["m"], "pas": []}
DT, TSTOP, EVERY = 0.025, 15.0, 5
# the second clamp drives the membrane far below rest, where ar and cat act
CLAMPS = [(1.0, 8.0, 1.0), (9.0, 14.0, -0.5)]


def run(geometry, mechs, celsius, amplitude):
    nb._PC.gid_clear()
    cell = soma_cell(mechs, **geometry)
    cell.build()
    seg = cell._nrn_sections["soma"](0.5)
    clamps = []
    for t0, tstop, factor in CLAMPS:
        clamp = h.IClamp(seg)
        clamp.delay, clamp.dur, clamp.amp = t0, tstop - t0, factor * amplitude
        clamps.append(clamp)
    h.celsius, h.dt = celsius, DT
    names = ["v"] + [f"{s}_{m}" for m in mechs for s in STATES[m]]
    names += [n for n in ("cai", "eca", "ica") if hasattr(seg, "_ref_" + n)]
    vectors = {n: h.Vector().record(getattr(seg, "_ref_" + n)) for n in names}
    times = h.Vector().record(h._ref_t)
    nb._PC.set_maxstep(10)
    h.finitialize()
    h.fcurrent()
    nb._PC.psolve(TSTOP)
    v = np.array(vectors["v"])
    print(len(v), "samples, v from", v.min(), "to", v.max())
    return {n: np.array(x)[::EVERY] for n, x in vectors.items()}, np.array(times)[::EVERY]


cases = []
for name, (geometry, mechs, celsius, amplitude) in CASES.items():
    traces, times = run(geometry, mechs, celsius, amplitude)
    cases.append({
        "name": name,
        "geometry": geometry,
        "mechs": mechs,
        "celsius": celsius,
        "clamps": [{"t0": a, "tstop": b, "amplitude": f * amplitude} for a, b, f in CLAMPS],
        "traces": traces,
    })

write("mechanisms", "one section of one segment with two current clamps (nA, ms); traces of v (mV), gates, cai (mM), eca (mV), ica (mA/cm2), every `every`-th sample from sample 0",
      "1e-9 of the trace's range (the clamped spikes amplify last bits)",
      {"dt": DT, "tstop": TSTOP, "every": EVERY, "times": times, "cases": cases})
