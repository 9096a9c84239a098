"""Parameter sweeps of the Human Neocortical Neurosolver, on a native solver.

Importing this imports neither hnn_core nor NEURON: what needs them imports them when it is used.
"""

from ._backend import Backend, use
from ._batch import BatchSimulate
from ._fit import evaluate, simulator
from ._hnn_sweep import (
    Network,
    NetworkError,
    PipelineError,
    SimulationError,
    StoreError,
    Table,
    __version__,
)
from ._network import convert
from ._picture import Figure
from ._sweep import Sweep, open, plan, run

__all__ = [
    "Backend",
    "BatchSimulate",
    "Figure",
    "Network",
    "NetworkError",
    "PipelineError",
    "SimulationError",
    "StoreError",
    "Sweep",
    "Table",
    "__version__",
    "convert",
    "evaluate",
    "open",
    "plan",
    "run",
    "simulator",
    "use",
]
