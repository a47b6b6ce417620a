from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from inpainting.photo import encode_png, encode_result
from inpainting.recipe import RECIPE_KEY, Recipe, pack_mask, recipe_to_json
from inpainting.studio import Studio
from inpainting.types import Edges, PaintRequest, PaintResult, PaintSettings, Region
from inpainting.web import editing, handlers, history
from inpainting.web.desk import Desk
from inpainting.web.finished import Sheet
from inpainting.web.restoring import ALL, NO_SELECTION, ORIGINAL, PLAIN, Restored
from inpainting.web.selecting import settle
from inpainting.web.session import NO_PARTS, Session
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import photo


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))


@pytest.fixture
def segmenter() -> FakeSegmenter:
    return FakeSegmenter()


@pytest.fixture
def studio(segmenter: FakeSegmenter) -> Studio:
    return Studio(segmenter, FakePainter())


def worked(studio: Studio) -> tuple[Desk, PaintResult]:
    """A desk with a selection of the second candidate, and what was painted from it."""
    desk, made = Desk(), photo(256, 200)
    desk.open(made)
    desk.change(partial(editing.load, sheet=Sheet(made.digest, made.size, made.name, "x.jpg")))
    desk.change(partial(editing.set_region, region=Region.SUBJECT))
    desk.change(partial(editing.click, x=100, y=90))
    desk.change(partial(editing.exclude, x=110, y=90))
    settle(studio, desk)
    desk.change(partial(editing.choose, index=1))
    now, mask = settle(studio, desk).now, desk.session.mask
    assert mask is not None
    request = PaintRequest(
        made,
        mask,
        now.region,
        prompt="sunset sea",
        negative_prompt="rain",
        seed=17,
        guidance=6.5,
        steps=6,
        strength=0.5,
        scheduler="DDIM",
        prompts=now.part.prompts,
    )
    events = studio.paint(request)
    return desk, next(event for event in events if isinstance(event, PaintResult))


def opened(
    studio: Studio, desk: Desk, data: bytes, folder: Path
) -> tuple[Session, Restored | None]:
    """The session and the restored fields after an upload."""
    path = folder / "result.png"
    path.write_bytes(data)
    _, restored = handlers.open_upload(
        studio, desk, {"path": str(path), "name": path.name, "seq": 1}, folder
    )
    return desk.session, restored


def told(settings: PaintSettings) -> dict[str, object]:
    """What the form shows of settings."""
    names = ("prompt", "negative_prompt", "guidance", "steps", "strength", "scheduler")
    return {"seed": str(settings.seed), **{name: getattr(settings, name) for name in names}}


def shows(restored: Restored | None, settings: PaintSettings) -> bool:
    """Whether the form gets these settings."""
    return restored is not None and told(settings).items() <= restored.values.items()


def with_recipe(result: PaintResult, recipe: Recipe) -> bytes:
    """The picture with another recipe."""
    return encode_png(result.photo, {RECIPE_KEY: recipe_to_json(recipe)}, edited=True)


def test_a_picture_made_here_brings_its_session_back(
    studio: Studio, segmenter: FakeSegmenter, tmp_path: Path
) -> None:
    desk, result = worked(studio)
    asked = len(segmenter.asked)
    session, restored = opened(studio, Desk(), encode_result(result), tmp_path)
    assert shows(restored, result.recipe.settings)
    assert session.now.region is Region.SUBJECT
    assert session.now.part.prompts == desk.session.now.part.prompts
    assert session.now.edges == Edges(feather=result.recipe.feather)
    assert session.mask is not None
    assert desk.session.mask is not None
    assert np.array_equal(session.mask, desk.session.mask)
    assert len(session.past) == 1
    assert (session.note, session.message) == (f"{ALL} {ORIGINAL}", "")
    assert len(segmenter.asked) == asked


def test_what_came_back_can_be_undone_changed_and_cleared(studio: Studio, tmp_path: Path) -> None:
    _, result = worked(studio)
    desk = Desk()
    opened(studio, desk, encode_result(result), tmp_path)
    desk.change(partial(editing.click, x=10, y=10))
    mask = settle(studio, desk).mask
    assert mask is not None
    assert mask[10, 10]
    desk.change(editing.clear)
    assert settle(studio, desk).mask is None
    assert len(desk.change(history.undo).now.part.prompts.points) == 3
    assert len(desk.change(history.undo).now.part.prompts.points) == 2
    assert desk.change(history.undo).now.parts == NO_PARTS


def test_a_selection_made_by_a_mask_alone_comes_back_and_can_be_cleared(
    studio: Studio, tmp_path: Path
) -> None:
    _, result = worked(studio)
    recipe = replace(result.recipe, prompts=type(result.recipe.prompts)())
    desk = Desk()
    session, _ = opened(studio, desk, with_recipe(result, recipe), tmp_path)
    assert session.mask is not None
    assert session.now.part.given
    desk.change(editing.clear)
    assert settle(studio, desk).mask is None


def test_a_selection_of_another_size_is_left_out(studio: Studio, tmp_path: Path) -> None:
    _, result = worked(studio)
    recipe = replace(result.recipe, mask=pack_mask(np.ones((4, 4), np.bool_)))
    session, restored = opened(studio, Desk(), with_recipe(result, recipe), tmp_path)
    assert shows(restored, result.recipe.settings)
    assert session.mask is None
    assert (session.note, session.message) == (f"{NO_SELECTION} {ORIGINAL}", "")


def test_a_feather_that_no_repaint_takes_leaves_a_plain_photo(
    studio: Studio, tmp_path: Path
) -> None:
    _, result = worked(studio)
    data = with_recipe(result, replace(result.recipe, feather=9_999))
    session, restored = opened(studio, Desk(), data, tmp_path)
    assert restored is None
    assert session.note.endswith(PLAIN)


def test_a_scheduler_that_the_painter_has_not_is_its_own(studio: Studio, tmp_path: Path) -> None:
    _, result = worked(studio)
    used = replace(result.recipe.settings, scheduler="Heun")
    recipe = replace(result.recipe, settings=used)
    _, restored = opened(studio, Desk(), with_recipe(result, recipe), tmp_path)
    assert shows(restored, replace(used, scheduler="Euler"))


@pytest.mark.parametrize("text", ["{", '{"schema": 99}', "steps"])
def test_a_recipe_that_is_not_valid_leaves_a_plain_photo(
    studio: Studio, tmp_path: Path, text: str
) -> None:
    _, result = worked(studio)
    if text == "steps":
        used = replace(result.recipe.settings, steps=9_999)
        text = recipe_to_json(replace(result.recipe, settings=used))
    data = encode_png(result.photo, {RECIPE_KEY: text}, edited=True)
    session, restored = opened(studio, Desk(), data, tmp_path)
    assert restored is None
    assert session.now.sheet is not None
    assert session.mask is None
    assert session.note.endswith(PLAIN)
    assert session.message == ""


def test_a_plain_photo_brings_nothing_back(studio: Studio, tmp_path: Path) -> None:
    session, restored = opened(studio, Desk(), encode_png(photo()), tmp_path)
    assert restored is None
    assert session.note == ""
