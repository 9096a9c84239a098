"""Progress of a run: a bar where tqdm is installed, else lines."""

from __future__ import annotations

import sys
import time
from typing import Any


def progress(name: str, verbose: bool) -> Any:
    """Something that follows a run, or None."""
    return Progress(name) if verbose else None


class Progress:
    """Follows a run: called by the native part."""

    EVERY = 2.0  # s between two lines

    def __init__(self, name: str) -> None:
        self._name = name
        self._bar: Any = None
        self._missing = 0
        self._done = 0
        self._last = time.monotonic()

    def planned(self, n_tasks: int, n_missing: int) -> None:
        """The plan is made."""
        self._missing = n_missing
        if n_missing == 0:
            return
        try:
            from tqdm.auto import tqdm
        except ImportError:
            self._print(f"{self._name}: {n_tasks} simulations, {n_missing} of them to simulate")
        else:
            self._bar = tqdm(total=n_tasks, initial=n_tasks - n_missing, desc=self._name, unit="sim")

    def finished(self, sim: int, trial: int, failed: bool) -> None:
        """A simulation has been stored."""
        self._done += 1
        if self._bar is not None:
            self._bar.update()
            if self._done == self._missing:
                self.close()
        elif self._done == self._missing or time.monotonic() - self._last > self.EVERY:
            self._last = time.monotonic()
            self._print(f"{self._name}: {self._done} of {self._missing} simulated")

    def reducing(self, n: int) -> None:
        """Statistics are computed."""

    def close(self) -> None:
        """The run has ended."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    @staticmethod
    def _print(line: str) -> None:
        print(line, file=sys.stderr, flush=True)
