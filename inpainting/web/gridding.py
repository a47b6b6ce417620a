"""A grid: one picture for each pair of values of two settings, and all of them on one sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inpainting.errors import PointPaintError
from inpainting.grids import MAX_CELLS, Axis, cells, parse_axis
from inpainting.tiles import contact_sheet
from inpainting.types import PaintRequest, Rgb
from inpainting.web.form import Form

CELL_SIDE = 512
"""Longer side in pixels of a picture on the sheet of all."""

NO_VALUES = "A setting without values is left out of the grid."


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """What one press of the button paints: `rows` of requests, with the axes of a grid."""

    rows: tuple[tuple[PaintRequest, ...], ...]
    x: Axis | None = None
    y: Axis | None = None

    @property
    def requests(self) -> tuple[PaintRequest, ...]:
        """All requests, row by row."""
        return tuple(request for row in self.rows for request in row)

    @property
    def count(self) -> int:
        """How many pictures that makes; a request whose variations are no number makes none."""
        counts = (request.variations for request in self.requests)
        return sum(count for count in counts if isinstance(count, int))

    @property
    def is_grid(self) -> bool:
        """Whether the pictures are put on a sheet as well."""
        return self.x is not None

    @property
    def seed(self) -> int:
        """The seed of the first picture, 0 for one that is drawn."""
        return self.requests[0].seed or 0


def plot_of(request: PaintRequest, form: Form) -> Plot:
    """Return what the form asks for: the request alone, or a cell for each pair of values.

    Raises BadRequest for values that cannot be read and for more than MAX_CELLS cells.
    """
    x, y = axes(form)
    if x is None:
        return Plot(((request,),))
    return Plot(cells(request, x, y), x, y)


def axes(form: Form) -> tuple[Axis | None, Axis | None]:
    """Return what the grid varies across and down; one alone is always the one across.

    A setting without values varies nothing. Raises BadRequest as `parse_axis` does.
    """
    found = [parse_axis(setting, values) for setting, values in _chosen(form) if _filled(values)]
    return (found[0], found[1]) if len(found) == 2 else (found[0] if found else None, None)


def _chosen(form: Form) -> list[tuple[Any, Any]]:
    """Return the settings that are chosen, with their values as they stand."""
    fields = (form.x_setting, form.x_values), (form.y_setting, form.y_values)
    return [(setting, values) for setting, values in fields if setting]


def _filled(values: Any) -> bool:
    return bool(values.strip(" ,") if isinstance(values, str) else values)


def sheet_of(plot: Plot, pictures: Sequence[Rgb]) -> Rgb:
    """Return the labelled picture of all cells, given row by row."""
    width = len(plot.rows[0])
    rows = [pictures[at : at + width] for at in range(0, len(pictures), width)]
    return contact_sheet(rows, _labels(plot.x), _labels(plot.y))


def _labels(axis: Axis | None) -> tuple[str, ...]:
    return () if axis is None else axis.labels


def size_told(form: Form) -> str:
    """Return how many pictures the grid makes, before it is painted, and what it leaves out.

    Empty where no setting is chosen.
    """
    try:
        x, y = axes(form)
    except PointPaintError as error:
        return str(error)
    told = [] if x is None else [_count_told(x, y)]
    told += [] if all(_filled(values) for _, values in _chosen(form)) else [NO_VALUES]
    return " ".join(told)


def _count_told(x: Axis, y: Axis | None) -> str:
    across, down = len(x.values), 1 if y is None else len(y.values)
    if across * down > MAX_CELLS:
        return f"The grid has {across} x {down} pictures; at most {MAX_CELLS} are painted."
    return f"The grid has {across} x {down} pictures, and one with all of them."
