"""batch.json: what BatchSimulate, Dipole and CellResponse of the original do with arguments and waveforms."""

import inspect
import os
import tempfile
from fractions import Fraction

import numpy as np
from hnn_core import CellResponse
from hnn_core.batch_simulate import BatchSimulate
from hnn_core.dipole import Dipole, average_dipoles

from common import write


def waveform(n):
    """`((i*i*37 + i*11) % 211 - 100) / 64`: no rounding anywhere."""
    i = np.arange(n)
    return ((i * i * 37 + i * 11) % 211 - 100.0) / 64.0


def other_waveform(n):
    """`((i*i*13 + i*5) % 101 - 50) / 32`"""
    i = np.arange(n)
    return ((i * i * 13 + i * 5) % 101 - 50.0) / 32.0


def times(n):
    """Sample times (ms) as NEURON accumulates them, dt = 0.025."""
    t, out = 0.0, []
    for _ in range(n):
        out.append(t)
        t += 0.0125
        t += 0.0125
    return np.array(out)


def dipole(n, a, b):
    """A dipole whose layers are multiples of the waveforms."""
    l2, l5 = a * waveform(n), b * other_waveform(n)
    return Dipole(times(n), np.c_[l2 + l5, l2, l5])


def defaults(function):
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default if p.default is not p.empty else "(none)"
            for p in parameters if p.name != "self"}


def at(values, samples):
    return [float(values[k]) for k in samples]


# Savitzky-Golay in exact arithmetic, where SciPy's own loses digits.

def solve(a, b):
    """Gaussian elimination with fractions."""
    n = len(b)
    m = [row[:] + [b[i]] for i, row in enumerate(a)]
    for i in range(n):
        pivot = next(k for k in range(i, n) if m[k][i] != 0)
        m[i], m[pivot] = m[pivot], m[i]
        for k in range(n):
            if k != i:
                f = m[k][i] / m[i][i]
                m[k] = [x - f * y for x, y in zip(m[k], m[i])]
    return [m[i][n] / m[i][i] for i in range(n)]


def exact_savgol(x, window, samples):
    half = window // 2
    js = range(-half, half + 1)
    moments = [Fraction(sum(j ** p for j in js)) for p in range(11)]
    normal = [[moments[p + q] for q in range(6)] for p in range(6)]
    out = []
    for k in samples:
        centre = min(max(k, half), len(x) - 1 - half)
        right = [sum(Fraction(float(x[centre + j])) * j ** p for j in js) for p in range(6)]
        fitted = solve(normal, right)
        out.append(float(sum(c * (k - centre) ** p for p, c in enumerate(fitted))))
    return out


signatures = {
    "BatchSimulate": defaults(BatchSimulate.__init__),
    "run": defaults(BatchSimulate.run),
    "simulate_batch": defaults(BatchSimulate.simulate_batch),
    "load_results": defaults(BatchSimulate.load_results),
    "load_all_results": defaults(BatchSimulate.load_all_results),
    "mean_rates": defaults(CellResponse.mean_rates),
}
signatures["BatchSimulate"]["net"] = "neymotin_2020_model()"

batch = BatchSimulate(set_params=lambda params, net: None)
grid = {"a": [1, 2], "b": [3, 4, 5]}
combinations = {
    "product": [[p["a"], p["b"]] for p in batch._generate_param_combinations(grid)],
    "zip": [[p["a"], p["b"]] for p in batch._generate_param_combinations({"a": [1, 2], "b": [3, 4]}, False)],
    "zip_of_unequal": [[p["a"], p["b"]] for p in batch._generate_param_combinations(grid, False)],
}

N = 401
SAMPLES = [0, 1, 2, 7, 57, 199, 200, 333, 390, 399, 400]
scipy_savgol = {
    str(h): at(dipole(N, 1.0, 1.0).savgol_filter(h).data["L2"], SAMPLES) for h in (5000.0, 2000.0, 1000.0)
}
LONG = 2001
LONG_SAMPLES = [0, 1, 333, 665, 666, 667, 1000, 1334, 1335, 1700, 2000]
exact = {str(h): exact_savgol(waveform(LONG), int(np.round(40000.0 / h)) // 2 * 2 + 1, LONG_SAMPLES)
         for h in (100.0, 30.0)}
# The two ways agree where SciPy's loses little.
for h in (5000.0, 2000.0, 1000.0):
    ours = exact_savgol(waveform(N), int(np.round(40000.0 / h)) // 2 * 2 + 1, SAMPLES)
    assert np.allclose(ours, scipy_savgol[str(h)], rtol=0, atol=1e-10)

smoothed = dipole(N, 1.0, 1.0).smooth(3.0)
scaled = dipole(N, 1.0, 1.0).scale(3000)
average = average_dipoles([dipole(N, 1.0, 1.0), dipole(N, 0.7, 0.3), dipole(N, 0.1, 2.0)])
errors = {}
for name, call in {
    "smooth 0.5": lambda: dipole(N, 1.0, 1.0).smooth(0.5),
    "smooth 20": lambda: dipole(N, 1.0, 1.0).smooth(20.0),
    "savgol 0": lambda: dipole(N, 1.0, 1.0).savgol_filter(0.0),
    "savgol 20000": lambda: dipole(N, 1.0, 1.0).savgol_filter(20000.0),
    "savgol 9000": lambda: dipole(N, 1.0, 1.0).savgol_filter(9000.0),
    "savgol 50": lambda: dipole(N, 1.0, 1.0).savgol_filter(50.0),
    "average of an average": lambda: average_dipoles([average]),
    "average of unequal scales": lambda: average_dipoles([dipole(N, 1.0, 1.0), scaled]),
}.items():
    try:
        call()
        errors[name] = False
    except (ValueError, RuntimeError):
        errors[name] = True

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "dpl.txt")
    dipole(5, 1.0, 1.0).write(path)
    text = open(path).read()

# Two trials; the last spike of the first is later than any tstop below, and is counted all the same.
gid_ranges = {"L2_basket": range(0, 3), "L2_pyramidal": range(3, 7), "evprox": range(7, 9)}
spikes = {
    "spike_times": [[1.0, 2.0, 2.5, 3.0, 40.0], [4.0, 5.0]],
    "spike_gids": [[0, 3, 3, 7, 5], [1, 6]],
}
response = CellResponse(["L2_basket", "L2_pyramidal"], **spikes, spike_types=[[], []])
response.update_types(gid_ranges)
rates = {kind: response.mean_rates(0.0, 20.0, gid_ranges, kind) for kind in ("all", "trial", "cell")}

write(
    "batch",
    "defaults of arguments; Dipole methods on ((i*i*37+i*11)%211-100)/64 (L2) and ((i*i*13+i*5)%101-50)/32 (L5) at dt 0.025 ms",
    "savgol of SciPy 1e-10 (its own loss of digits), exact savgol 1e-12, all else 1e-14 relative",
    {
        "signatures": signatures,
        "combinations": combinations,
        "samples": SAMPLES,
        "savgol": scipy_savgol,
        "long_samples": LONG_SAMPLES,
        "savgol_exact": exact,
        "smooth_3": at(smoothed.data["agg"], SAMPLES),
        "scale_3000": at(scaled.data["agg"], SAMPLES),
        "scale_applied": scaled.scale_applied,
        "average": {layer: at(average.data[layer], SAMPLES) for layer in ("agg", "L2", "L5")},
        "nave": average.nave,
        "raises": errors,
        "text": text,
        "spike_gids": spikes["spike_gids"],
        "spike_types": [[str(t) for t in trial] for trial in response.spike_types],
        "rates": rates,
        "spike_times_by_type": response.spike_times_by_type,
        "cell_types": response.cell_types,
    },
)
