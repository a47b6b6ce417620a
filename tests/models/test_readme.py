"""The list of models is true: every row stands in it as the catalogue has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.catalog import FILLERS, PAINTERS, SEGMENTERS, PainterRow, SegmenterRow

LINES = (Path(__file__).resolve().parents[2] / "models" / "README.md").read_text("utf8").split("\n")


@pytest.mark.parametrize("row", (*SEGMENTERS, *PAINTERS, *FILLERS), ids=lambda row: row.key)
def test_the_row_stands_in_the_readme(row: SegmenterRow | PainterRow) -> None:
    (line,) = (line for line in LINES if line.startswith(f"| `{row.key}` | {row.title} |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[2] == (row.source if row.download else "in the project")
    assert cells[3].strip("`") == (row.revision[:12] if len(row.revision) == 40 else cells[3])
    assert cells[4].startswith(row.licence)
    assert ("gated" in cells[4]) == row.gated
    assert ("non-commercial" in cells[4]) == (not row.commercial)
    if isinstance(row, PainterRow) and row in PAINTERS:
        best = row.defaults
        assert cells[7] == ", ".join(tool.value for tool in row.tools)
        assert cells[8] == f"{best.steps}, {best.guidance:g}, {best.strength:g}, {best.scheduler}"


def test_no_row_stands_there_that_is_none() -> None:
    rows: tuple[SegmenterRow | PainterRow, ...] = (*SEGMENTERS, *PAINTERS, *FILLERS)
    keys = {row.key for row in rows}
    named = {line.split("`")[1] for line in LINES if line.startswith("| `")}
    assert named == keys
