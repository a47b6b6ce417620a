from __future__ import annotations

import math
from dataclasses import replace

import pytest

from inpainting.requests import MAX_PROMPT
from inpainting.types import PaintDefaults
from inpainting.web.fields import (
    BAD_SEED,
    carried,
    defaults_of,
    given_back,
    painter_of,
    remembered,
    seed_problem,
)
from tests.support.fakes import FakePainter

OLD = FakePainter().info  # steps 4, guidance 5, strength 1, Euler; schedulers Euler and DDIM
NEW = replace(
    OLD,
    key="new",
    schedulers=("UniPC", "DDIM"),
    defaults=PaintDefaults(steps=20, guidance=8.0, strength=0.99, scheduler="UniPC"),
)
BEST = defaults_of(OLD)


def test_what_was_left_alone_takes_the_new_painters_defaults() -> None:
    assert carried((5.0, 4, 1.0, "Euler"), BEST, NEW) == (8.0, 20, 0.99, "UniPC")


def test_what_was_set_stays() -> None:
    assert carried((5.5, 4, 0.5, "DDIM"), BEST, NEW) == (5.5, 20, 0.5, "DDIM")


def test_a_scheduler_that_is_not_there_gives_way() -> None:
    info = replace(NEW, schedulers=("UniPC",))
    assert carried((5.5, 9, 0.5, "DDIM"), BEST, info) == (5.5, 9, 0.5, "UniPC")


def test_the_form_comes_back_as_it_was() -> None:
    values = ("sea", "people", "17", 6.5, 9, 0.7, "DDIM", 2)
    assert given_back(remembered(values, painter_of(OLD)), OLD) == values
    assert given_back({}, OLD) is None


def test_a_form_that_comes_back_to_another_painter_is_carried_over() -> None:
    kept = remembered(("sea", "", "", 5.0, 9, 1.0, "Euler", 1), painter_of(OLD))
    assert given_back(kept, NEW) == ("sea", "", "", 8.0, 9, 0.99, "UniPC", 1)


@pytest.mark.parametrize("odd", [math.nan, math.inf, [1] * 999, {"a": 1}, True, None])
def test_only_short_texts_and_numbers_are_kept(odd: object) -> None:
    values = given_back(remembered((odd,) * 8, painter_of(OLD)), OLD)
    assert values is not None
    assert {value for value in values if value is not None} <= {"Euler"}
    long = given_back(remembered(("x" * 10**6, *values[1:]), painter_of(OLD)), OLD)
    assert long is not None
    assert len(long[0]) == MAX_PROMPT


@pytest.mark.parametrize("good", ["", None, " ", "-1", "0", "17", " 17 ", "4294967295"])
def test_a_seed_that_can_be_used(good: object) -> None:
    assert seed_problem(good) == ""


@pytest.mark.parametrize("bad", ["x", "1.5", "-2", "4294967296", "9" * 30, "1e5", "\u0664", {}])
def test_a_seed_that_is_no_number_is_told_at_once(bad: object) -> None:
    assert seed_problem(bad) == BAD_SEED
