"""Figures of a sweep."""

from __future__ import annotations

import os
from pathlib import Path

from . import _hnn_sweep


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

    def save(self, file: str | os.PathLike[str], dpi: float = 300.0) -> None:
        """Write the picture to a file that ends in ``.svg``, ``.png`` or ``.pdf``.

        Parameters
        ----------
        file : str or path
            The file.
        dpi : float
            Dots per inch of a PNG.
        """
        path = Path(file)
        ending = path.suffix.lower()
        if ending == ".svg":
            path.write_text(self.svg, encoding="utf-8")
        elif ending in (".png", ".pdf"):
            path.write_bytes(bytes(_hnn_sweep.convert(self.svg, ending[1:], dpi)))
        else:
            raise ValueError(f"{os.fspath(file)!r} does not end in .svg, .png or .pdf")

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Figure: {len(self.svg)} bytes of SVG>"
