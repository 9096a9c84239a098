"""Results of a simulation as hnn-core's BatchSimulate gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._batch import BatchSimulate


class Result(dict):
    """Results of a simulation. ``result["net"]`` is made when it is asked for, since networks are large."""

    def __init__(self, batch: BatchSimulate, values: dict[str, Any], response: Any, rec_arrays: dict[str, Any]) -> None:
        super().__init__()
        self._make = (batch, values, response, rec_arrays)
        self["net"] = None

    def __getitem__(self, key: str) -> Any:
        if key == "net" and super().__getitem__(key) is None:
            batch, values, response, rec_arrays = self._make
            net = batch.network(values)
            net.cell_response = response
            for name, array in rec_arrays.items():
                net.rec_arrays[name] = array
            self["net"] = net
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()  # so that dict(result) asks for its items one by one

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key."""
        return self[key] if key in self else default

    def items(self) -> Any:
        """Keys and values."""
        return [(key, self[key]) for key in self]

    def values(self) -> Any:
        """Values."""
        return [self[key] for key in self]

    def __reduce__(self) -> Any:
        return (dict, (self.items(),))
