"""Grids: every pair of values once, and nothing else is different."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from inpainting.grids import AXES, MAX_CELLS, Axis, cells, parse_axis
from inpainting.types import PaintRequest
from tests.support.photos import photo

REQUEST = PaintRequest(
    photo(16, 16),
    np.eye(16, dtype=np.bool_),
    prompt="a red {car|bus} by the sea",
    negative_prompt="sea foam",
    steps=20,
    variations=4,
)


@pytest.mark.parametrize(
    ("setting", "text", "values"),
    [
        ("steps", "10, 20,30", (10, 20, 30)),
        ("steps", "10-30:10", (10, 20, 30)),
        ("steps", "1-3", (1, 2, 3)),
        ("steps", "1-4:2, 9", (1, 3, 9)),
        ("steps", "5, 5, 5-6", (5, 6)),
        ("steps", " 7 ", (7,)),
        ("guidance", "0, 7.5", (0.0, 7.5)),
        ("strength", "0.1 - 0.3 : 0.1", (0.1, 0.2, 0.3)),
        ("seed", "4294967295", (4294967295,)),
        ("softness", "0, 16", (0, 16)),
        ("guidance_until", "0.5-1:0.25", (0.5, 0.75, 1.0)),
        ("reuse", "1-3", (1, 2, 3)),
        ("scheduler", "Euler a, DPM++ 2M Karras", ("Euler a", "DPM++ 2M Karras")),
        ("prompt", 'red, "dark, deep blue", green', ("red", "dark, deep blue", "green")),
        ("prompt", "1-3, 2", ("1-3", "2")),
    ],
)
def test_values_are_lists_and_ranges(setting: str, text: str, values: tuple[object, ...]) -> None:
    assert parse_axis(setting, text) == Axis(setting, values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("setting", "text", "sentence"),
    [
        ("colour", "1", "not known; choose steps"),
        ("steps", "", "needs 1 to 64 values"),
        ("steps", " , ", "needs 1 to 64 values"),
        ("steps", "ten", "must be a number. Write a list as"),
        ("steps", "1.5", "whole number"),
        ("steps", "0", "steps is 0"),
        ("steps", "151", "steps is 151"),
        ("guidance_until", "1.5", "guidance until is 1.5"),
        ("reuse", "1, 6", "reuse is 6"),
        ("steps", "30-10:10", "must go up"),
        ("steps", "1-9:0", "must go up"),
        ("steps", "1-100", "must go up, in at most 64"),
        ("steps", "1-60, 61-120", "needs 1 to 64 values"),
        ("steps", "1..2", "must be a number"),
        ("steps", "nan", "must be a number"),
        ("steps", "9e999999999", "must be a number"),
        ("steps", "\u0661", "must be a number"),
        ("guidance", "-1", "guidance is -1"),
        ("guidance", "inf", "must be a number"),
        ("strength", "0.5-1.5:0.5", "strength is 1.5"),
        ("seed", "-1", "seed is -1"),
        ("prompt", "x" * 3000, "at most 2000 characters"),
    ],
)
def test_other_values_are_refused(setting: str, text: str, sentence: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_axis(setting, text)
    assert sentence in str(caught.value)


@given(
    st.sampled_from(AXES),
    st.text(max_size=40) | st.text(st.sampled_from('0123.-:, e"'), max_size=20),
)
def test_any_text_gives_values_or_a_sentence(setting: str, text: str) -> None:
    try:
        axis = parse_axis(setting, text)
    except BadRequest as error:
        assert str(error)
    else:
        assert 1 <= len(axis.values) == len(set(axis.values)) <= MAX_CELLS
        assert len(axis.labels) == len(axis.values)


def test_x_goes_to_the_right_and_y_downwards() -> None:
    rows = cells(REQUEST, parse_axis("steps", "1, 2, 3"), parse_axis("scheduler", "Euler, DDIM"))
    assert [[(r.steps, r.scheduler) for r in row] for row in rows] == [
        [(1, "Euler"), (2, "Euler"), (3, "Euler")],
        [(1, "DDIM"), (2, "DDIM"), (3, "DDIM")],
    ]
    assert len(cells(REQUEST, parse_axis("steps", "1, 2"))) == 1


numbers = st.sampled_from(
    ["steps", "guidance", "strength", "seed", "softness", "guidance_until", "reuse"]
)


@given(numbers, numbers, st.none() | st.integers(0, 2**32 - 1))
def test_cells_differ_in_what_the_axes_say_alone(x: str, y: str, seed: int | None) -> None:
    request = replace(REQUEST, seed=seed)
    axes = [Axis(x, (1,))] if x == y else [Axis(x, (1,)), Axis(y, (0, 1))]
    made = [cell for row in cells(request, *axes) for cell in row]
    changed = {axis.setting for axis in axes}
    assert len({cell.seed for cell in made}) == (2 if y == "seed" and x != y else 1)
    for cell in made:
        assert cell.variations == 1
        assert isinstance(cell.seed, int)
        if seed is not None and "seed" not in changed:
            assert cell.seed == seed
        for field in fields(PaintRequest):
            if field.name not in changed | {"seed", "variations"}:
                assert getattr(cell, field.name) is getattr(request, field.name) or (
                    getattr(cell, field.name) == getattr(request, field.name)
                )


def test_an_open_seed_is_drawn_anew_for_each_grid() -> None:
    axis = Axis("steps", (1,))
    assert len({cells(REQUEST, axis)[0][0].seed for _ in range(4)}) > 1


def test_words_replace_the_first_in_both_prompts() -> None:
    (row,) = cells(REQUEST, parse_axis("prompt", "sea, lake"))
    assert [(cell.prompt, cell.negative_prompt) for cell in row] == [
        ("a red {car|bus} by the sea", "sea foam"),
        ("a red {car|bus} by the lake", "lake foam"),
    ]


def test_the_words_of_both_axes_are_replaced_at_once() -> None:
    rows = cells(REQUEST, Axis("prompt", ("red", "sea")), Axis("prompt", ("sea", "red")))
    assert [[cell.prompt for cell in row] for row in rows] == [
        ["a red {car|bus} by the sea", "a sea {car|bus} by the sea"],
        ["a red {car|bus} by the red", "a sea {car|bus} by the red"],
    ]
    longer = cells(REQUEST, Axis("prompt", ("red", "-")), Axis("prompt", ("a red", "+")))
    assert longer[1][1].prompt == "+ {car|bus} by the sea"


def test_grids_that_make_no_sense_are_refused() -> None:
    nine = parse_axis("steps", "1-9")
    with pytest.raises(BadRequest, match="9 x 8 pictures; at most 64"):
        cells(REQUEST, nine, parse_axis("seed", "1-8"))
    with pytest.raises(BadRequest, match="Both sides of the grid change the steps"):
        cells(REQUEST, nine, parse_axis("steps", "1, 2"))
    until = parse_axis("guidance_until", "0.5, 1")
    with pytest.raises(BadRequest, match="Both sides of the grid change the guidance until"):
        cells(REQUEST, until, until)
    with pytest.raises(BadRequest, match="grid over guidance until needs 1 to 64 values"):
        parse_axis("guidance_until", "")
    with pytest.raises(BadRequest, match="does not have 'Sea'"):
        cells(REQUEST, parse_axis("prompt", "Sea, lake"))


def test_labels_name_the_setting() -> None:
    assert parse_axis("guidance", "7, 7.5").labels == ("guidance 7", "guidance 7.5")
    assert parse_axis("prompt", "a, b").labels == ("a", "b")
    assert parse_axis("guidance_until", "0.5").labels == ("guidance until 0.5",)


def test_both_sides_cannot_replace_the_same_word() -> None:
    x, y = Axis("prompt", ("red", "blue")), Axis("prompt", ("red", "green"))
    with pytest.raises(BadRequest, match="Both sides of the grid replace 'red'"):
        cells(REQUEST, x, y)


def test_tiny_steps_of_a_range_are_numbers_too() -> None:
    assert parse_axis("guidance", "0-0.0000002:0.0000001").values == (0.0, 1e-7, 2e-7)
