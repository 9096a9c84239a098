"""Figures of a sweep."""

from __future__ import annotations

import os
from pathlib import Path


class Figure:
    """A figure in SVG, as notebooks show it.

    Attributes
    ----------
    svg : str
        The picture.
    notes : list of str
        What a reader has to know: what was left out, what was smoothed.
    """

    def __init__(self, svg: str, notes: list[str]) -> None:
        self.svg = svg
        self.notes = notes

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write the picture to a file that ends in ``.svg``."""
        path = Path(file)
        if path.suffix.lower() != ".svg":
            raise ValueError(f"{os.fspath(file)!r} does not end in .svg, the format that figures are written in")
        path.write_text(self.svg, encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Figure: {len(self.svg)} bytes of SVG>"
