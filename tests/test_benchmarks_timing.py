"""The pure parts of the benchmarks: tables, ranks, and what Python tells of its imports."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from benchmarks.click_work import Work
from benchmarks.embedded import case, psnr
from benchmarks.frames import HOLE, hole_in, picture
from benchmarks.starting import packages
from benchmarks.timing import Row, as_json, markdown, measure, share_of, table


def test_every_rival_runs_in_turn_after_warming_up() -> None:
    calls: list[str] = []
    rivals = {"one": lambda: calls.append("one"), "two": lambda: calls.append("two")}
    rows = measure(rivals, 2)
    assert calls == ["one", "two"] * 3
    assert [(row.name, len(row.seconds), len(row.worked)) for row in rows] == [
        ("one", 2, 2),
        ("two", 2, 2),
    ]


def test_a_table_compares_with_its_first_row() -> None:
    lines = table([Row("one", (1.0, 2.0, 9.0)), Row("two", (8.0,), 1.5, (3.0,))]).splitlines()
    assert lines[2] == "| one | 2.000 | 1.000-9.000 | 1.00 |  |  |"
    assert lines[3] == "| two | 8.000 | 8.000-8.000 | 4.00 | 1.50 | 3.000 |"


def test_markdown_has_a_line_below_its_titles() -> None:
    assert markdown(("a", "b"), [(1, 2)]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 5), (0.95, 10), (1.0, 10)])
def test_a_share_is_the_nearest_rank(share: float, value: int) -> None:
    assert share_of(list(range(10, 0, -1)), share) == value


def test_json_says_what_was_measured_on_what() -> None:
    found = json.loads(as_json([Row("one", (1.0,))], {"calls": 3}))
    assert found["rows"][0]["seconds"] == [1.0]
    assert found["figures"] == {"calls": 3}
    assert found["about"]["numpy"] == np.__version__


def test_own_times_of_imports_are_added_up_by_package() -> None:
    lines = (
        "import time: self [us] | cumulative | imported package",
        "import time:       100 |        100 |   numpy.core",
        "import time:       200 |        300 | numpy",
        "import time:       250 |        900 | gradio",
    )
    assert packages(lines, 2) == [("numpy", pytest.approx(3e-4)), ("gradio", 2.5e-4)]


def test_work_is_compared_with_the_whole_model() -> None:
    assert Work("sam", 99.0, 1.0).ratio == 100


def test_the_hole_is_the_same_in_every_photo() -> None:
    rgb = picture(1)
    assert rgb.shape[0] * rgb.shape[1] == pytest.approx(1e6, rel=0.01)
    assert hole_in(rgb).sum() == HOLE**2


def test_equal_pictures_are_infinitely_near() -> None:
    rgb, hole = case(32)
    assert hole.mean() == 0.75
    assert psnr(rgb, rgb) == math.inf
    assert psnr(np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)) == 0
    assert math.isnan(psnr(None, rgb))
