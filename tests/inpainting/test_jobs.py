"""Every tool through the Studio: size, kept pixels, bytes that come again, recipe, frames, film."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inpainting.errors import BadRequest
from inpainting.photo import encode_result, make_photo, open_photo
from inpainting.recipe import recipe_from_json, recipe_to_json
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.types import (
    LoraUse,
    Mask,
    PaintRequest,
    PaintResult,
    Photo,
    Progress,
    Region,
    Sides,
    Tool,
)
from tests.support.fakes import FakePainter, FakeSegmenter


class Filler(FakePainter):
    """Serves Remove alone."""

    def __init__(self, key: str = "filler") -> None:
        super().__init__()
        self.info = replace(self.info, key=key, title=key.title(), tools=(Tool.REMOVE,))


def studio_of(painter: FakePainter | None = None, **settings: Any) -> Studio:
    fillers = {"filler": Filler(), "other": Filler("other")}
    painter = painter or FakePainter()
    return Studio(FakeSegmenter(), painter, Settings(**settings), fillers=fillers)


def photo_of(width: int, height: int) -> Photo:
    noise = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return make_photo(noise, None, None, "photo")


def blocks(photo: Photo) -> Mask:
    """Two blocks far from each other."""
    mask = np.zeros(photo.pixels.shape[:2], np.bool_)
    width, height = photo.size
    mask[height // 8 : height // 4, width // 8 : width // 4] = True
    mask[-height // 4 : -height // 8, -width // 4 : -width // 8] = True
    return mask


def results(events: Iterator[Progress | PaintResult]) -> list[PaintResult]:
    return [event for event in events if isinstance(event, PaintResult)]


def asked(tool: Tool, photo: Photo, **changes: Any) -> PaintRequest:
    """A request that the tool can do."""
    extra: dict[Tool, dict[str, Any]] = {
        Tool.EXTEND: {"sides": Sides(8, 0, 16, 4)},
        Tool.CREATE: {"size": (72, 64)},
    }
    base = PaintRequest(photo, blocks(photo), prompt="sea", seed=3, tool=tool)
    return replace(base, **{**extra.get(tool, {}), **changes})


@pytest.mark.parametrize("tool", list(Tool))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(16, 200),
    st.sampled_from([1 / 8, 1 / 3, 1, 2, 8]),
    st.sampled_from(list(Region)),
    st.sampled_from([None, 0, 5]),
    st.booleans(),
)
def test_every_tool_keeps_what_it_should_and_gives_the_right_size(
    tool: Tool, side: int, aspect: float, region: Region, feather: int | None, separate: bool
) -> None:
    photo = photo_of(max(16, round(side * aspect**0.5)), max(16, round(side / aspect**0.5)))
    request = asked(tool, photo, region=region, feather=feather, separate=separate)
    (result,) = results(studio_of().paint(request))
    before = result.before
    assert before is not None
    sizes = {Tool.EXTEND: (photo.size[0] + 24, photo.size[1] + 4), Tool.CREATE: (72, 64)}
    assert result.photo.size == before.size == sizes.get(tool, photo.size)
    kept = {
        Tool.EXTEND: np.s_[: photo.size[1], 8 : 8 + photo.size[0]],
        Tool.CREATE: np.s_[:0],
        Tool.REPAINT: blocks(photo) == (region is Region.BACKGROUND),
        Tool.RESTYLE: blocks(photo) == (region is Region.BACKGROUND),
    }
    if tool in kept:
        assert np.array_equal(result.photo.pixels[kept[tool]], before.pixels[kept[tool]])
    changed = (result.photo.pixels != before.pixels).any(axis=2)
    assert changed.any() and (tool is Tool.CREATE or not changed.all())
    again = open_photo(encode_result(result))
    assert np.array_equal(again.pixels, result.photo.pixels)


@pytest.mark.parametrize("tool", list(Tool))
def test_the_same_request_gives_the_same_bytes_and_a_recipe_that_can_be_read(tool: Tool) -> None:
    studio, photo = studio_of(), photo_of(80, 60)
    one, other = (results(studio.paint(asked(tool, photo)))[0] for _ in range(2))
    assert encode_result(one) == encode_result(other)
    assert recipe_from_json(recipe_to_json(one.recipe)) == one.recipe
    assert one.recipe.tool is tool


def test_remove_runs_the_filler_that_was_asked_for_without_a_prompt() -> None:
    studio, photo = studio_of(), photo_of(80, 60)
    painter = studio.painter
    assert list(studio.fillers) == ["filler", "other"]
    (first,) = results(studio.paint(asked(Tool.REMOVE, photo)))
    (second,) = results(studio.paint(asked(Tool.REMOVE, photo, method="other")))
    assert (first.recipe.painter.key, second.recipe.painter.key) == ("filler", "other")
    assert first.recipe.settings.prompt == ""
    assert isinstance(painter, FakePainter) and not painter.settings
    with pytest.raises(BadRequest, match="choose filler, other"):
        results(studio.paint(asked(Tool.REMOVE, photo, method="magic")))


def test_without_fillers_remove_is_refused_with_what_would_do() -> None:
    with pytest.raises(BadRequest, match="repaint the subject"):
        results(Studio(FakeSegmenter(), FakePainter()).paint(asked(Tool.REMOVE, photo_of(80, 60))))


def test_a_painter_is_asked_only_for_what_it_serves() -> None:
    painter = FakePainter()
    painter.info = replace(painter.info, tools=(Tool.CREATE,))
    with pytest.raises(BadRequest, match="One colour cannot repaint; it can create"):
        results(studio_of(painter).paint(asked(Tool.REPAINT, photo_of(80, 60))))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"softness": 3}, "same strength everywhere"),
        ({"loras": (LoraUse("x"),)}, "takes no LoRA"),
        ({"reuse": 2}, "full work in each step"),
        ({"prefill": "nothing"}, "The prefill is 'nothing'"),
        ({"context": 4.0}, "The context is 4.0"),
        ({"context": float("nan")}, "The context is nan"),
    ],
)
def test_what_this_painter_cannot_take_is_refused(changes: dict[str, Any], sentence: str) -> None:
    painter = FakePainter()
    with pytest.raises(BadRequest, match=sentence):
        results(studio_of(painter).paint(asked(Tool.REPAINT, photo_of(80, 60), **changes)))
    assert not painter.settings


def test_softness_reaches_the_painter_in_pixels_of_the_frame() -> None:
    painter = FakePainter()
    painter.info = replace(painter.info, soft=True)
    results(studio_of(painter).paint(asked(Tool.REPAINT, photo_of(1024, 1024), softness=40)))
    (used,) = painter.settings
    assert used.softness == 10  # 256 pixels for 1,024


def test_separate_holes_are_painted_one_by_one_and_told_as_one_run() -> None:
    photo = photo_of(1000, 800)
    request = asked(Tool.REPAINT, photo, region=Region.SUBJECT, separate=True)
    painter = FakePainter()
    events = list(studio_of(painter).paint(request))
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert len(painter.settings) == 2
    assert steps == list(range(1, 9))
    (result,) = results(iter(events))
    changed = (result.photo.pixels != photo.pixels).any(axis=2)
    assert not (changed & ~blocks(photo)).any()
    middle = len(changed) // 2
    assert changed[:middle].any() and changed[middle:].any()


def test_a_film_is_kept_where_it_is_wanted() -> None:
    photo = photo_of(80, 60)
    (result,) = results(studio_of().paint(asked(Tool.REPAINT, photo, film=True)))
    assert [picture.shape for picture in result.film] == [(60, 80, 3)] * 4
    (result,) = results(studio_of().paint(asked(Tool.REPAINT, photo)))
    assert result.film == ()


def test_sets_in_the_prompt_take_their_turn() -> None:
    painter = FakePainter()
    request = asked(Tool.REPAINT, photo_of(80, 60), prompt="a {red|blue} {sea}", variations=3)
    found = results(studio_of(painter).paint(request))
    prompts = [used.prompt for used in painter.settings]
    assert prompts == ["a red sea", "a blue sea", "a red sea"]
    assert [result.recipe.settings.prompt for result in found] == prompts


def test_create_owes_nothing_to_the_photo_on_the_desk() -> None:
    one, other = (
        results(studio_of().paint(asked(Tool.CREATE, photo_of(*size))))[0]
        for size in ((80, 60), (64, 64))
    )
    assert encode_result(one) == encode_result(other)


def test_what_would_be_too_large_is_refused() -> None:
    request = asked(Tool.EXTEND, photo_of(80, 60), sides=Sides(right=4000, bottom=4000))
    with pytest.raises(BadRequest, match="at most 1 million"):
        results(studio_of(max_megapixels=1).paint(request))


@pytest.mark.parametrize(
    ("tool", "whole", "side"),
    [
        (Tool.REPAINT, False, "background"),
        (Tool.REMOVE, False, "subject"),
        (Tool.RESTYLE, True, "photo"),
    ],
)
def test_what_stays_transparent_is_named_as_the_tool_sees_it(
    tool: Tool, whole: bool, side: str
) -> None:
    plain = photo_of(64, 48)
    photo = make_photo(plain.pixels, np.zeros((48, 64), np.uint8), None, "photo")
    request = asked(tool, photo, **({"mask": None} if whole else {}))
    (result,) = results(studio_of().paint(request))
    assert f"Part of the {side} is transparent in the photo and stays so." in result.notes


def test_separate_holes_in_a_photo_with_alpha_keep_the_rest_and_know_their_digest() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (800, 1000, 4), np.uint8)
    photo = make_photo(noise[..., :3].copy(), noise[..., 3].copy(), None, "photo")
    request = asked(Tool.REPAINT, photo, region=Region.SUBJECT, separate=True)
    (result,) = results(studio_of().paint(request))
    done = result.photo
    assert np.array_equal(done.pixels[~blocks(photo)], photo.pixels[~blocks(photo)])
    assert np.array_equal(done.alpha, photo.alpha)  # type: ignore[arg-type]
    again = make_photo(done.pixels, done.alpha, done.icc_profile, done.name)
    assert (again.digest, again.rgb.tobytes()) == (done.digest, done.rgb.tobytes())
