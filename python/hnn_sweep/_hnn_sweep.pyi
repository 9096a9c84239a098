"""Native part of the package."""

from collections.abc import Callable, Iterator
from os import PathLike
from typing import Any

__version__: str
RESERVED: list[str]

class PipelineError(ValueError):
    file: PathLike[str]
    line: int | None
    key: str | None
    help: str | None

class NetworkError(ValueError): ...
class SimulationError(RuntimeError): ...

class StoreError(OSError):
    help: str | None

class Array:
    shape: tuple[int, ...]
    @property
    def __array_interface__(self) -> dict[str, Any]: ...
    def __len__(self) -> int: ...

class Table:
    columns: list[str]
    units: dict[str, str]
    @staticmethod
    def from_columns(columns: list[tuple[str, list[Any]]]) -> Table: ...
    def __len__(self) -> int: ...
    def __getitem__(self, name: str) -> Any: ...
    def __iter__(self) -> Iterator[dict[str, Any]]: ...
    def _repr_html_(self) -> str: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def __arrow_c_schema__(self) -> object: ...

class Trial:
    trial: int
    times: Array
    agg: Array
    l2: Array
    l5: Array
    moments: list[Array]
    spike_times: Array
    spike_gids: Array
    lfp: dict[str, Array]
    voltages: dict[int, dict[str, Array]]
    currents: dict[int, dict[str, dict[str, Array]]]
    calcium: dict[int, dict[str, Array]]

class Stop:
    def __init__(self) -> None: ...
    def set(self) -> None: ...

class Network:
    @staticmethod
    def from_json(text: str) -> Network: ...
    def to_json(self) -> str: ...
    def sharing(self, other: Network) -> Network: ...
    def key(self, tstop: float, dt: float = 0.025, trial: int = 0) -> str: ...
    def events(self, tstop: float, trial: int) -> dict[str, list[list[float]]]: ...
    def simulate(
        self,
        tstop: float,
        dt: float,
        trials: list[int],
        record_vsec: Any,
        record_isec: Any,
        record_ca: Any,
        record_lfp: bool,
        n_jobs: int = 1,
        finished: Callable[[int], None] | None = None,
        stop: Stop | None = None,
    ) -> list[Trial | SimulationError]: ...

class Folder:
    path: PathLike[str]
    def __init__(self, path: str | PathLike[str]) -> None: ...
    def sweeps(self) -> dict[str, dict[str, Any]]: ...
    def table(self, name: str, sweep: str | None = None, sims: set[int] | None = None) -> Table: ...
    def load(self, sweep: str, start: int, stop: int, tables: list[str]) -> list[dict[str, Any]]: ...

class Fit:
    parameters: list[str]
    statistics: list[str]
    def __init__(self, file: str | PathLike[str]) -> None: ...
    def evaluate(
        self,
        parameters: list[tuple[str, list[Any]]],
        folder: str | None = None,
        n_jobs: int = 1,
        progress: Any = None,
    ) -> dict[str, Any]: ...

def run(
    file: str | PathLike[str],
    choices: dict[str, bool],
    folder: str | None = None,
    n_jobs: int = -1,
    time_limit: float | None = None,
    progress: Any = None,
) -> dict[str, Any]: ...
def plot(folder: Folder, kind: str, drawing: dict[str, Any]) -> tuple[str, list[str]]: ...
def convert(svg: str, format: str, dpi: float) -> list[int]: ...
def page(folder: Folder, sweep: str | None, max_size: int) -> tuple[str, list[str]]: ...
def plan(file: str | PathLike[str], folder: str | None = None) -> tuple[int, int]: ...
def run_networks(
    networks: list[Network],
    parameters: list[tuple[str, list[Any]]],
    name: str,
    save_folder: str,
    batch_size: int,
    n_trials: int,
    tstop: float,
    dt: float,
    outputs: dict[str, Any],
    n_jobs: int,
    retry_failed: bool,
    progress: Any = None,
) -> dict[str, Any]: ...
