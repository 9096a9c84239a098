"""tables.json: the rows of every rate table, read from NEURON's memory, and values between and beyond the rows."""

import ctypes
import os
import subprocess

import numpy as np

from common import mechanisms, write

h = mechanisms()

# mechanism: (first v, last v, intervals, columns); the compiled library keeps the mechanisms in this order
TABLES = {
    "ar": (-120.0, 40.0, 641, ["minf", "mtau"]),
    "ca": (-120.0, 100.0, 199, ["minf", "hinf", "mtau", "htau"]),
    "cat": (-120.0, 40.0, 641, ["minf", "mtau", "hinf", "htau"]),
    "hh2": (-100.0, 100.0, 200, ["minf", "mtau", "hinf", "htau", "ninf", "ntau"]),
    "km": (-120.0, 100.0, 199, ["ninf", "ntau"]),
}


def table_pointers():
    """Addresses of the static pointers `_t_<column>` of each mechanism in this process."""
    library = next(line.split()[-1] for line in open("/proc/self/maps") if "libnrnmech.so" in line)
    base = min(
        int(line.split("-")[0], 16) for line in open("/proc/self/maps") if "libnrnmech.so" in line
    )
    symbols = subprocess.run(["nm", library], capture_output=True, text=True, check=True).stdout
    at = {}
    for line in symbols.splitlines():
        address, _, name = line.split() if len(line.split()) == 3 else (None, None, "")
        if name.startswith("_t_"):
            at.setdefault(name[3:], []).append(int(address, 16))
    pointers = {m: {} for m in TABLES}
    for column, addresses in at.items():
        owners = [m for m, t in TABLES.items() if column in t[3]]
        assert len(owners) == len(addresses)
        for owner, address in zip(owners, sorted(addresses)):
            pointers[owner][column] = base + address
    return pointers


def rows(pointer, n):
    array = ctypes.cast(ctypes.c_void_p.from_address(pointer).value, ctypes.POINTER(ctypes.c_double))
    return [array[i] for i in range(n + 1)]


def look_up(row, vmin, vmax, n, v):
    xi = (1.0 / ((vmax - vmin) / n)) * (v - vmin)
    if xi <= 0.0:
        return row[0]
    if xi >= n:
        return row[n]
    i = int(xi)
    return row[i] + (xi - i) * (row[i + 1] - row[i])


SOME_V = [-150.0, -120.0, -119.99, -100.0, -99.5, -81.0, -80.97, -71.32, -65.0, -64.9737, -54.3,
          -40.0, -30.0, -29.9, -12.345678, 0.0, 13.7, 39.9, 40.0, 40.1, 77.7, 99.999, 100.0, 123.0]

data = {"some_v": SOME_V, "celsius": {}}
pointers = table_pointers()
for celsius in (37.0, 24.5):
    h.celsius = celsius
    sec = h.Section()
    for mech in TABLES:
        sec.insert(mech)
    h.finitialize(-65.0)
    out = {}
    for mech, (vmin, vmax, n, columns) in TABLES.items():
        if mech in ("ar", "cat") and celsius != 37.0:
            continue  # these do not depend on celsius
        table = {c: rows(pointers[mech][c], n) for c in columns}
        between = {c: [look_up(table[c], vmin, vmax, n, v) for v in SOME_V] for c in columns}
        # where NEURON shows the looked-up value, it is the same to the last bit
        for k, v in enumerate(SOME_V):
            if mech == "hh2":
                h.rates_hh2(v)
                shown = {c: getattr(h, f"{c}_hh2") for c in columns}
            elif mech in ("km", "ca"):
                getattr(h, f"setdata_{mech}")(sec(0.5))
                getattr(h, f"trates_{mech}")(v)
                shown = {c: getattr(sec(0.5), f"{c}_{mech}") for c in columns}
            else:
                shown = {}
            for c, value in shown.items():
                assert value == between[c][k], (mech, c, v, value, between[c][k])
        out[mech] = {
            "range": [vmin, vmax],
            "intervals": n,
            "rows": {c: r[:: 1] for c, r in table.items()} if celsius == 37.0 else {c: r[::16] for c, r in table.items()},
            "rows_step": 1 if celsius == 37.0 else 16,
            "at_some_v": between,
        }
    data["celsius"][str(celsius)] = out

write("tables", "steady states and time constants (ms) of the gates: rows of NEURON's tables and values looked up at some_v (mV)",
      "1e-14 relative (exp and pow of another library)", data)
