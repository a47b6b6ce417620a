from __future__ import annotations

import math
from dataclasses import asdict, replace

import pytest

from inpainting.requests import MAX_PROMPT
from inpainting.types import PaintDefaults
from inpainting.web.fields import (
    BAD_SEED,
    KNOBS,
    carried,
    defaults_of,
    given_back,
    painter_of,
    remembered,
    seed_problem,
)
from inpainting.web.form import COUNT, Form
from tests.support.fakes import FakePainter

OLD = FakePainter().info  # steps 4, guidance 5, strength 1, Euler; schedulers Euler and DDIM
NEW = replace(
    OLD,
    key="new",
    schedulers=("UniPC", "DDIM"),
    defaults=PaintDefaults(steps=20, guidance=8.0, strength=0.99, scheduler="UniPC", restyle=0.45),
)
BEST = defaults_of(OLD)


def test_what_was_left_alone_takes_the_new_painters_defaults() -> None:
    left = (5.0, 4, 1.0, "Euler", 0.6)
    assert carried(left, BEST, NEW) == (8.0, 20, 0.99, "UniPC", 0.45)


def test_what_was_set_stays() -> None:
    changed = (5.5, 4, 0.5, "DDIM", 0.7)
    assert carried(changed, BEST, NEW) == (5.5, 20, 0.5, "DDIM", 0.7)


def test_a_scheduler_that_is_not_there_gives_way() -> None:
    info = replace(NEW, schedulers=("UniPC",))
    changed = (5.5, 9, 0.5, "DDIM", 0.7)
    assert carried(changed, BEST, info) == (5.5, 9, 0.5, "UniPC", 0.7)


def sent(**values: object) -> tuple[object, ...]:
    """All fields as a page sends them."""
    knobs = {"guidance": 5.0, "steps": 4, "strength": 1.0, "scheduler": "Euler", "look": 0.6}
    form = asdict(replace(Form(), **knobs))
    return tuple((form | values).values())


def test_the_form_comes_back_as_it_was() -> None:
    values = {"prompt": "sea", "seed": "17", "steps": 9, "tool": "extend", "left": 12, "film": True}
    back = given_back(remembered(sent(**values), painter_of(OLD)), OLD)
    assert {name: back[name] for name in values} == values
    assert given_back({}, OLD) == {}


def test_a_form_that_comes_back_to_another_painter_is_carried_over() -> None:
    back = given_back(remembered(sent(prompt="sea", steps=9), painter_of(OLD)), NEW)
    assert [back[name] for name in KNOBS] == [8.0, 9, 0.99, "UniPC", 0.45]
    assert back["prompt"] == "sea"


@pytest.mark.parametrize("odd", [math.nan, math.inf, [1] * 999, {"a": 1}, None])
def test_only_short_texts_and_numbers_are_kept(odd: object) -> None:
    back = given_back(remembered((odd,) * COUNT, painter_of(OLD)), OLD)
    assert set(back.items()) <= {("scheduler", "Euler")}
    long = given_back(remembered(sent(prompt="x" * 10**6), painter_of(OLD)), OLD)
    assert len(long["prompt"]) == MAX_PROMPT


@pytest.mark.parametrize("good", ["", None, " ", "-1", "0", "17", " 17 ", "4294967295"])
def test_a_seed_that_can_be_used(good: object) -> None:
    assert seed_problem(good) == ""


@pytest.mark.parametrize("bad", ["x", "1.5", "-2", "4294967296", "9" * 30, "1e5", "\u0664", {}])
def test_a_seed_that_is_no_number_is_told_at_once(bad: object) -> None:
    assert seed_problem(bad) == BAD_SEED
