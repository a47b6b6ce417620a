"""The order of steps: promises 1-6 with small fake models."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from inpainting.errors import BadOutput, BadPhoto, BadRequest, NothingSelected, OutOfMemory
from inpainting.photo import encode_png, encode_result, open_photo
from inpainting.recipe import recipe_from_json, recipe_to_json, unpack_mask
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.tools import task_for
from inpainting.types import (
    Box,
    Mask,
    Painted,
    PaintRequest,
    PaintResult,
    PaintSettings,
    Photo,
    Point,
    Progress,
    Prompts,
    Region,
    Rgb,
)
from tests.support.fakes import FakePainter, FakeSegmenter


def png(width: int, height: int, mode: str = "RGB", seed: int = 0, **options: Any) -> bytes:
    channels = len(mode)
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise.squeeze(), mode).save(buffer, "PNG", **options)
    return buffer.getvalue()


def photo_of(width: int, height: int, seed: int = 0) -> Photo:
    return open_photo(png(width, height, seed=seed))


def block(photo: Photo, box: Box) -> Mask:
    mask = np.zeros(photo.pixels.shape[:2], np.bool_)
    mask[box.y0 : box.y1, box.x0 : box.x1] = True
    return mask


def studio_of(painter: Any = None, segmenter: Any = None) -> Studio:
    return Studio(segmenter or FakeSegmenter(), painter or FakePainter())


def results(events: Iterator[Progress | PaintResult]) -> list[PaintResult]:
    return [event for event in events if isinstance(event, PaintResult)]


class SolidPainter(FakePainter):
    """Paints one colour, and records what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Rgb, Mask, PaintSettings]] = []

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        self.asked.append((rgb, hole, settings))
        picture = np.full_like(rgb, (1, 255, 2))
        yield Progress(1, 1, picture[::4, ::4].copy())
        yield Painted(picture, ("a note",))


class FailingPainter(FakePainter):
    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.error = error

    def paint(
        self, rgb: Rgb, hole: Mask, settings: PaintSettings
    ) -> Generator[Progress | Painted, None, None]:
        del rgb, hole, settings
        yield Progress(1, 4)
        if self.error is not None:
            raise self.error


@settings(max_examples=40, deadline=None)
@given(
    st.integers(16, 160),
    st.integers(16, 160),
    st.sampled_from(list(Region)),
    st.sampled_from([None, 0, 1, 9, 40]),
    st.data(),
)
def test_kept_pixels_are_kept_and_the_size_too(
    width: int, height: int, region: Region, feather: int | None, data: st.DataObject
) -> None:
    photo = photo_of(width, height)
    x0, y0 = data.draw(st.integers(0, width - 2)), data.draw(st.integers(0, height - 2))
    x1, y1 = data.draw(st.integers(x0 + 1, width - 1)), data.draw(st.integers(y0 + 1, height))
    mask = block(photo, Box(x0, y0, x1, y1))
    request = PaintRequest(photo, mask, region, "sea", seed=1, feather=feather)
    (result,) = results(studio_of(SolidPainter()).paint(request))
    hole = mask if region is Region.SUBJECT else ~mask
    assert result.photo.size == photo.size
    assert np.array_equal(result.photo.pixels[~hole], photo.pixels[~hole])
    assert (result.photo.pixels[hole] != photo.pixels[hole]).any()
    reopened = open_photo(encode_result(result))
    assert np.array_equal(reopened.pixels, result.photo.pixels)


def test_alpha_survives_and_transparent_parts_are_told_of() -> None:
    photo = open_photo(png(40, 30, "RGBA"))
    assert photo.alpha is not None
    see_through = replace(photo, alpha=np.where(photo.alpha > 128, 255, 0).astype(np.uint8))
    request = PaintRequest(see_through, block(photo, Box(5, 5, 20, 20)), seed=1)
    (result,) = results(studio_of().paint(request))
    assert np.array_equal(result.photo.alpha, see_through.alpha)  # type: ignore[arg-type]
    assert any("transparent" in note for note in result.notes)


def test_the_painter_never_sees_what_is_in_the_hole() -> None:
    photo, painter = photo_of(200, 100), SolidPainter()
    mask = block(photo, Box(50, 20, 90, 60))
    results(studio_of(painter).paint(PaintRequest(photo, mask, Region.SUBJECT, seed=1)))
    pixels = photo.rgb.copy()
    pixels[mask] = (255, 0, 255)
    other = replace(photo, rgb=pixels, pixels=pixels)
    results(studio_of(painter).paint(PaintRequest(other, mask, Region.SUBJECT, seed=1)))
    (first, hole, _), (second, _, _) = painter.asked
    assert np.abs(first[hole].astype(int) - second[hole]).mean() < 12
    assert hole.any()


def test_below_full_strength_the_painter_starts_from_what_is_there() -> None:
    photo, painter = photo_of(200, 100), SolidPainter()
    mask = block(photo, Box(50, 20, 90, 60))
    asked = PaintRequest(photo, mask, Region.SUBJECT, seed=1, strength=0.5)
    results(studio_of(painter).paint(asked))
    results(studio_of(painter).paint(replace(asked, strength=1.0)))
    (kept, hole, _), (filled, _, _) = painter.asked
    assert kept[hole].std() > 3 * filled[hole].std()


def test_the_frame_sets_the_cost_not_the_photo() -> None:
    painter = SolidPainter()
    for side in (512, 1500):
        photo = photo_of(side, side)
        mask = block(photo, Box(200, 200, 300, 280))
        results(studio_of(painter).paint(PaintRequest(photo, mask, Region.SUBJECT, seed=1)))
    assert painter.asked[0][0].shape == painter.asked[1][0].shape


def test_the_same_request_gives_the_same_bytes_also_between_other_jobs() -> None:
    studio, photo = studio_of(), photo_of(60, 50)
    request = PaintRequest(photo, block(photo, Box(5, 5, 30, 30)), prompt="sea", seed=5)
    other = replace(request, prompt="forest", seed=6)
    pictures = [
        results(studio.paint(asked))[0].photo.pixels.tobytes()
        for asked in (request, other, request)
    ]
    assert pictures[0] == pictures[2] != pictures[1]


def test_variations_come_one_by_one_with_consecutive_seeds() -> None:
    photo = photo_of(60, 50)
    request = PaintRequest(photo, block(photo, Box(5, 5, 30, 30)), seed=5, variations=3)
    found = results(studio_of().paint(request))
    assert [result.seed for result in found] == [5, 6, 7]
    assert len({result.photo.pixels.tobytes() for result in found}) == 3


def test_previews_show_the_whole_photo_small() -> None:
    photo = photo_of(1400, 700)
    request = PaintRequest(photo, block(photo, Box(5, 5, 600, 600)), Region.SUBJECT, seed=5)
    events = list(studio_of(SolidPainter()).paint(request))
    previews = [e.preview for e in events if isinstance(e, Progress) and e.preview is not None]
    assert [preview.shape for preview in previews] == [(256, 512, 3)]
    assert (previews[0][100, 100] == (1, 255, 2)).all()


def test_the_recipe_tells_all_that_was_used() -> None:
    photo = photo_of(60, 50)
    mask = block(photo, Box(5, 5, 30, 30))
    prompts = Prompts((Point(10, 10), Point(40, 40, include=False)), Box(1, 2, 30, 40))
    asked = PaintRequest(photo, mask, Region.SUBJECT, "sea", "people", 5, prompts=prompts)
    studio = studio_of()
    (result,) = results(studio.paint(asked))
    recipe = recipe_from_json(recipe_to_json(result.recipe))
    assert recipe == result.recipe
    defaults = studio.painter.info.defaults
    assert defaults is not None
    used = recipe.settings
    assert (used.prompt, used.negative_prompt, used.seed) == ("sea", "people", 5)
    assert (used.steps, used.guidance) == (defaults.steps, defaults.guidance)
    assert (recipe.region, recipe.prompts) == (Region.SUBJECT, prompts)
    assert recipe.mask is not None
    assert np.array_equal(unpack_mask(recipe.mask, photo.size), mask)


def test_bytes_that_are_no_photo_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPhoto):
        studio_of().open(b"nothing")
    with pytest.raises(BadPhoto):
        studio_of().open(tmp_path / "absent.png")


def test_the_limits_of_the_settings_hold() -> None:
    small = Studio(FakeSegmenter(), FakePainter(), Settings(max_megapixels=1))
    with pytest.raises(BadPhoto, match="megapixel"):
        small.open(png(1100, 1000))


@pytest.mark.parametrize("region", list(Region))
@pytest.mark.parametrize("value", [True, False])
def test_an_empty_or_a_full_mask_never_reaches_a_model(region: Region, value: bool) -> None:
    photo, painter = photo_of(40, 30), SolidPainter()
    request = PaintRequest(photo, np.full((30, 40), value), region)
    with pytest.raises(NothingSelected):
        list(studio_of(painter).paint(request))
    assert painter.asked == []


@pytest.mark.parametrize(
    "mask", [np.ones((40, 30), np.bool_), np.ones((30, 40), np.uint8), np.ones((1, 30, 40), bool)]
)
def test_a_mask_of_another_size_or_dtype_is_refused(mask: Any) -> None:
    with pytest.raises(BadRequest):
        task_for(PaintRequest(photo_of(40, 30), mask), 10**6)


@pytest.mark.parametrize("error", [OutOfMemory("too large"), BadOutput("black")])
def test_a_failed_job_tells_and_leaves_the_next_one_unharmed(error: Exception) -> None:
    studio, photo = studio_of(FailingPainter(error)), photo_of(40, 30)
    request = PaintRequest(photo, block(photo, Box(5, 5, 20, 20)), seed=1)
    with pytest.raises(type(error), match=str(error)):
        list(studio.paint(request))
    studio.use(painter=FakePainter(), reason="mended")
    assert studio.status().reason == "mended"
    assert len(results(studio.paint(request))) == 1


def test_a_painter_that_ends_without_a_picture_is_told_of() -> None:
    photo = photo_of(40, 30)
    with pytest.raises(BadOutput, match="without a picture"):
        list(
            studio_of(FailingPainter(None)).paint(
                PaintRequest(photo, block(photo, Box(5, 5, 20, 20)))
            )
        )


def test_stop_closes_the_painter_and_the_next_job_is_the_same_as_ever() -> None:
    studio, photo = studio_of(), photo_of(40, 30)
    request = PaintRequest(photo, block(photo, Box(5, 5, 20, 20)), seed=1)
    before = results(studio.paint(request))[0].photo.pixels
    with closing(studio.paint(request)) as events:
        assert isinstance(next(events), Progress)
    after = results(studio.paint(request))[0].photo.pixels
    assert np.array_equal(before, after)


def test_a_second_job_waits_says_so_and_can_be_stopped_while_waiting() -> None:
    studio, photo = studio_of(), photo_of(40, 30)
    request = PaintRequest(photo, block(photo, Box(5, 5, 20, 20)), seed=1)
    running = studio.paint(request)
    next(running)
    with closing(studio.paint(request)) as waiting:
        event = next(waiting)
        assert isinstance(event, Progress)
        assert "Waiting" in event.note
    assert len(results(running)) == 1
    assert len(results(studio.paint(request))) == 1


def test_a_job_that_waits_holds_no_painter_and_takes_the_one_that_came_meanwhile() -> None:
    """Else the memory of the old one would not be there for the new one."""
    studio, photo, new = studio_of(), photo_of(40, 30), FakePainter()
    new.info = replace(new.info, key="new", schedulers=("DDIM",), defaults=None)
    old, request = weakref.ref(studio.painter), PaintRequest(photo, block(photo, Box(5, 5, 9, 9)))
    running, waiting = studio.paint(request), studio.paint(request)
    next(running), next(waiting)
    studio.use(painter=new)
    (first,) = results(running)
    del running
    gc.collect()
    assert old() is None
    (second,) = results(waiting)
    assert [result.recipe.painter.key for result in (first, second)] == ["fake-painter", "new"]
    assert second.recipe.settings.scheduler == "DDIM"


def test_the_next_job_paints_while_the_pictures_of_the_last_are_taken() -> None:
    """To write the file of a large photo can take as long as a repaint."""
    studio, photo = studio_of(), photo_of(40, 30)
    request = PaintRequest(photo, block(photo, Box(5, 5, 20, 20)), seed=1, variations=2)
    first, second = studio.paint(request), studio.paint(request)
    taken = [event for event in islice(first, 10) if isinstance(event, PaintResult)]
    assert [result.seed for result in taken] == [1, 2]
    event = next(second)  # nobody has closed the first
    assert isinstance(event, Progress)
    assert (event.step, event.note) == (1, "")
    assert list(first) == []
    assert len(results(second)) == 2


def test_between_variations_nobody_else_paints() -> None:
    studio, photo = studio_of(), photo_of(40, 30)
    request = PaintRequest(photo, block(photo, Box(5, 5, 20, 20)), seed=1, variations=2)
    with closing(studio.paint(request)) as first, closing(studio.paint(request)) as second:
        assert any(isinstance(event, PaintResult) for event in islice(first, 5))
        event = next(second)
        assert isinstance(event, Progress)
        assert "Waiting" in event.note


def test_a_painter_that_has_painted_its_last_picture_is_held_by_nobody() -> None:
    studio, photo, old = studio_of(), photo_of(40, 30), FakePainter()
    studio.use(painter=old)
    kept = weakref.ref(old)
    events = studio.paint(PaintRequest(photo, block(photo, Box(5, 5, 9, 9))))
    assert any(isinstance(event, PaintResult) for event in events)
    studio.use(painter=FakePainter())
    del old
    gc.collect()
    assert kept() is None
    events.close()


def test_a_job_that_waits_for_a_painter_that_cannot_do_it_says_so_and_holds_nobody_up() -> None:
    studio, photo = studio_of(), photo_of(40, 30)
    request = PaintRequest(photo, block(photo, Box(5, 5, 9, 9)), scheduler="Euler")
    running, waiting = studio.paint(request), studio.paint(request)
    next(running), next(waiting)
    other = FakePainter()
    other.info = replace(other.info, schedulers=("DDIM",), defaults=None)
    studio.use(painter=other)
    assert len(results(running)) == 1
    with pytest.raises(BadRequest, match="scheduler"):
        list(waiting)
    assert len(results(studio.paint(replace(request, scheduler=None, steps=1)))) == 1


def test_a_job_may_be_carried_on_by_another_thread() -> None:
    studio, photo = studio_of(), photo_of(40, 30)
    request = PaintRequest(photo, block(photo, Box(5, 5, 20, 20)), seed=1)
    events = studio.paint(request)
    next(events)
    found: list[PaintResult] = []
    thread = threading.Thread(target=lambda: found.extend(results(events)))
    thread.start()
    thread.join(30)
    assert len(found) == 1
    assert len(results(studio.paint(request))) == 1


def test_an_edit_on_top_of_an_edit_keeps_the_originals_pixels() -> None:
    studio, photo = studio_of(), photo_of(40, 30)
    first = block(photo, Box(0, 0, 12, 12))
    second = block(photo, Box(20, 10, 38, 28))
    (once,) = results(studio.paint(PaintRequest(photo, first, Region.SUBJECT, seed=1)))
    reopened = studio.open(encode_png(once.photo))
    (twice,) = results(studio.paint(PaintRequest(reopened, second, Region.SUBJECT, seed=2)))
    kept = ~(first | second)
    assert np.array_equal(twice.photo.pixels[kept], photo.pixels[kept])
