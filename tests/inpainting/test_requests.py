from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from inpainting.ranges import least_strength
from inpainting.requests import (
    MAX_CORNERS,
    MAX_SEED,
    check_edges,
    check_prompts,
    check_stroke,
    check_words,
    resolve,
)
from inpainting.types import (
    Box,
    Edges,
    LoraUse,
    ModelInfo,
    PaintDefaults,
    PaintRequest,
    Photo,
    Point,
    Prompts,
    Stroke,
    Tool,
)

INFO = ModelInfo(
    "fake",
    "fake",
    "-",
    "-",
    "-",
    schedulers=("Euler", "DDIM"),
    defaults=PaintDefaults(20, 7.5, 0.9, "DDIM"),
)
PIXELS = np.zeros((4, 6, 3), np.uint8)
PHOTO = Photo(PIXELS, PIXELS, None, None)
MASK = np.zeros((4, 6), np.bool_)


def request(**fields: Any) -> PaintRequest:
    return PaintRequest(PHOTO, MASK, **fields)


def test_what_is_left_open_comes_from_the_painter() -> None:
    (settings,) = resolve(request(), INFO)
    assert (settings.steps, settings.guidance) == (20, 7.5)
    assert (settings.strength, settings.scheduler) == (0.9, "DDIM")


def test_what_is_given_wins_also_when_it_is_zero() -> None:
    given_values = {"steps": 3, "guidance": 0, "strength": 1, "scheduler": "Euler", "seed": 0}
    (settings,) = resolve(request(**given_values), INFO)
    assert (settings.steps, settings.guidance, settings.strength) == (3, 0.0, 1.0)
    assert (settings.scheduler, settings.seed) == ("Euler", 0)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        *(("guidance", value, "guidance") for value in (math.nan, math.inf, -1.0, 1e9, "7", True)),
        *(("steps", value, "steps") for value in (0, 10**6, -1, 2.5, "4", math.nan)),
        *(
            ("strength", value, "strength")
            for value in (0.0, 1.0001, -0.1, math.nan, None.__class__)
        ),
        *(("seed", value, "seed") for value in (2**80, -1, "", 1.0, MAX_SEED + 1)),
        *(("variations", value, "variations") for value in (0, 9, 1.5)),
        *(("feather", value, "feather") for value in (-1, 257)),
        ("scheduler", "Heun", "Euler, DDIM"),
        ("prompt", "x" * 5000, "5000 characters"),
        ("prompt", 5, "text"),
        ("negative_prompt", "x" * 2001, "negative prompt"),
    ],
)
def test_a_bad_value_is_refused_by_name(field: str, value: object, named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        resolve(request(**{field: value}), INFO)


def test_too_small_a_product_of_steps_and_strength_is_refused_with_what_would_do() -> None:
    with pytest.raises(BadRequest, match=r"strength of at least 0\.1"):
        resolve(request(steps=10, strength=0.05), INFO)


def test_an_open_seed_is_drawn_anew_each_time() -> None:
    seeds = {resolve(request(), INFO)[0].seed for _ in range(20)}
    assert len(seeds) > 15
    assert all(0 <= seed <= MAX_SEED for seed in seeds)


def test_variations_count_up_from_the_seed_and_wrap() -> None:
    seeds = [s.seed for s in resolve(request(seed=MAX_SEED, variations=3), INFO)]
    assert seeds == [MAX_SEED, 0, 1]


@given(
    st.text(
        alphabet=st.characters(exclude_characters="{|}\\", exclude_categories=["Cs"]), max_size=200
    )
)
def test_any_short_text_is_a_prompt(text: str) -> None:
    (settings,) = resolve(request(prompt=text), INFO)
    assert settings.prompt == text.replace("\0", "").strip()


def test_half_characters_that_no_file_can_hold_are_dropped() -> None:
    assert resolve(request(prompt="a \ud800 sea\0"), INFO)[0].prompt == "a  sea"


@pytest.mark.parametrize(
    "prompts",
    [
        Prompts((Point(-1, 0),)),
        Prompts((Point(0, 4),)),
        Prompts((Point(6, 0),)),
        Prompts((Point(1.5, 0),)),  # type: ignore[arg-type]
        Prompts((Point(None, 0),)),  # type: ignore[arg-type]
        Prompts((Point("1", 0),)),  # type: ignore[arg-type]
        Prompts(tuple(Point(0, 0) for _ in range(10_000))),
        Prompts(box=Box(2, 2, 2, 3)),
        Prompts(box=Box(3, 0, 1, 2)),
        Prompts(box=Box(0, 0, 7, 2)),
    ],
)
def test_points_and_boxes_off_the_photo_are_refused(prompts: Prompts) -> None:
    with pytest.raises(BadRequest):
        check_prompts(prompts, PHOTO.size)


@given(st.integers(0, 5), st.integers(0, 3), st.booleans())
def test_every_pixel_of_the_photo_can_be_clicked(x: int, y: int, include: bool) -> None:
    prompts = Prompts((Point(x, y, include),), Box(x, y, x + 1, y + 1))
    assert check_prompts(prompts, PHOTO.size) is prompts


corners = st.tuples(st.floats(-70_000, 140_000), st.integers(-70_000, 140_000))


@given(
    st.builds(
        Stroke,
        st.lists(corners, min_size=1, max_size=9).map(tuple),
        st.floats(1, 2000) | st.integers(1, 2000),
        st.booleans(),
    )
)
def test_a_stroke_may_leave_any_photo(stroke: Stroke) -> None:
    assert check_stroke(stroke) is stroke


DOT = ((3.0, 4.0),)


@pytest.mark.parametrize(
    ("line", "size", "erase", "named"),
    [
        *((DOT, size, False, "size of the brush") for size in (0, 0.9, 2001, -5, math.nan, "9")),
        *((DOT, size, False, "from 1 to 2000") for size in (True, None, math.inf)),
        *((DOT, 9, erase, "true or false") for erase in (0, None, "false")),
        ((), 9, False, "0 corners"),
        (DOT * (MAX_CORNERS + 1), 9, False, "5001 corners; it must have 1 to 5000"),
        *(((corner,), 9, False, "two numbers") for corner in (5, (1.0,), (1.0, 2.0, 3.0), "ab")),
        *(((*DOT, (x, 0)), 9, False, "x of a corner") for x in (-70_001, math.nan, "1", True)),
        *((((0, y),), 9, False, "y of a corner") for y in (140_001, math.inf, None)),
    ],
)
def test_a_stroke_that_cannot_be_drawn_is_refused(
    line: Any, size: Any, erase: Any, named: str
) -> None:
    with pytest.raises(BadRequest, match=named):
        check_stroke(Stroke(line, size, erase))


@given(
    st.builds(
        Edges,
        st.integers(-64, 64),
        st.integers(0, 64),
        st.integers(0, 512),
        st.integers(0, 512),
        st.none() | st.integers(0, 256),
    )
)
def test_edges_in_their_ranges_are_taken(edges: Edges) -> None:
    assert check_edges(edges) is edges


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("grow", value) for value in (-65, 65, 1.5, None, "4", True)),
        *(("smooth", value) for value in (-1, 65, math.nan)),
        *(("fill", value) for value in (-1, 513, None)),
        *(("specks", value) for value in (-1, 513, 2.0)),
        *(("feather", value) for value in (-1, 257, "")),
    ],
)
def test_an_edge_out_of_its_range_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(BadRequest, match=f"The {field} is .* whole number from"):
        check_edges(Edges(**{field: value}))


@pytest.mark.parametrize(
    ("tool", "strength"),
    [(Tool.CREATE, 1.0), (Tool.RESTYLE, 0.6), (Tool.REPAINT, 0.9), (Tool.EXTEND, 0.9)],
)
def test_the_strength_that_is_left_open_follows_the_tool(tool: Tool, strength: float) -> None:
    (settings,) = resolve(request(tool=tool), INFO)
    assert settings.strength == strength


def test_a_restyle_in_one_step_keeps_that_step() -> None:
    (settings,) = resolve(request(tool=Tool.RESTYLE, steps=1), INFO)
    assert settings.strength == 1.0


def test_what_is_created_starts_from_nothing_whatever_is_asked() -> None:
    (settings,) = resolve(request(tool=Tool.CREATE, strength=0.3), INFO)
    assert settings.strength == 1.0


def test_sets_in_both_prompts_take_their_turn() -> None:
    asked = request(prompt="{a|b}", negative_prompt="no {c|d}", variations=2)
    found = resolve(asked, INFO)
    assert [(one.prompt, one.negative_prompt) for one in found] == [("a", "no c"), ("b", "no d")]


LORA = replace(INFO, lora_base="sdxl", soft=True)


def test_lora_files_and_softness_go_to_a_painter_that_takes_them() -> None:
    asked = request(loras=(LoraUse("x", -4), LoraUse("y")), softness=256)
    (settings,) = resolve(asked, LORA)
    assert (settings.loras, settings.softness) == (asked.loras, 256)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"loras": (LoraUse("x", 4.1),)}, "weight of 'x' is 4.1"),
        ({"loras": (LoraUse("x", float("nan")),)}, "weight of 'x' is nan"),
        ({"loras": (LoraUse("x"), LoraUse("x"))}, "named twice"),
        ({"loras": tuple(LoraUse(str(n)) for n in range(9))}, "at most 8"),
        ({"softness": 257}, "softness is 257"),
        ({"softness": 0.5}, "softness is 0.5"),
    ],
)
def test_lora_files_and_softness_out_of_range_are_refused(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadRequest, match=sentence):
        resolve(request(**changes), LORA)


QUICK = replace(INFO, shortcuts=True)


def test_shortcuts_go_to_a_painter_that_takes_them() -> None:
    (settings,) = resolve(request(guidance_until=0.25, reuse=5), QUICK)
    assert (settings.guidance_until, settings.reuse) == (0.25, 5)
    (settings,) = resolve(request(), INFO)
    assert (settings.guidance_until, settings.reuse) == (1.0, 1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"guidance_until": 1.1}, "guidance until is 1.1"),
        ({"guidance_until": math.nan}, "guidance until is nan"),
        ({"guidance_until": "1"}, "guidance until is '1'"),
        ({"guidance_until": 0}, "until 0 guides no step at all"),
        ({"guidance_until": 0.1, "steps": 4, "strength": 1.0}, "With 4 steps .* at least 0.25"),
        ({"guidance_until": 0.2, "steps": 4, "strength": 0.5}, "With 2 steps .* at least 0.5"),
        ({"reuse": 0}, "reuse is 0"),
        ({"reuse": 6}, "reuse is 6"),
        ({"reuse": 1.5}, "reuse is 1.5"),
    ],
)
def test_shortcuts_out_of_range_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        resolve(request(**changes), QUICK)


@given(st.integers(1, 150), st.floats(0.0, 1.0))
def test_a_step_at_least_is_guided(steps: int, until: float) -> None:
    asked = request(steps=steps, strength=1.0, guidance_until=until)
    if steps * until >= 0.5:  # the steps that are guided are rounded
        assert resolve(asked, QUICK)[0].guidance_until == until
    else:
        with pytest.raises(BadRequest, match="at least"):
            resolve(asked, QUICK)
        advised = replace(asked, guidance_until=least_strength(steps))
        assert steps * resolve(advised, QUICK)[0].guidance_until >= 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"guidance_until": 0.5}, "set the guidance until to 1"),
        ({"reuse": 2}, "set the reuse to 1"),
    ],
)
@pytest.mark.parametrize("tool", [Tool.REPAINT, Tool.REMOVE])
def test_what_takes_no_shortcuts_says_so(
    changes: dict[str, Any], sentence: str, tool: Tool
) -> None:
    with pytest.raises(BadRequest, match=sentence):
        resolve(request(tool=tool, **changes), replace(INFO, tools=(tool,)))


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, 7])
def test_what_is_looked_for_has_a_name(text: Any) -> None:
    with pytest.raises(BadRequest):
        check_words(text)


@pytest.mark.parametrize("steps", range(1, 151))
def test_the_strength_that_is_advised_runs_a_step(steps: int) -> None:
    least = least_strength(steps)
    assert int(steps * least) >= 1
    assert least < 1 / steps + 0.01
