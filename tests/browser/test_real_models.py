"""The main job in a real browser on real models: the embedded preset; SAM and SDXL made tiny."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inpainting.photo import open_photo, read_recipe
from inpainting.recipe import unpack_mask
from inpainting.studio import Studio
from inpainting.types import Mask, Region
from models.bringup import embedded_models
from models.catalog import painter_info, painter_row, segmenter_info, segmenter_row
from models.sam import SamSegmenter
from models.sdxl import SdxlPainter
from tests.browser.conftest import OpenPage
from tests.support.browser import Visit
from tests.support.tiny import NATIVE_SIDE, tiny_sam, tiny_sdxl_inpaint

pytestmark = pytest.mark.browser

PHOTOS = Path(__file__).parents[2] / "assets" / "photos"
ASTRONAUT = (PHOTOS / "astronaut.jpg").read_bytes()
PERSON = ((225, 110), (230, 330), (120, 300))
"""Three clicks on the astronaut: face, chest, sleeve."""

Serve = Callable[[Studio], str]


def embedded() -> Studio:
    return Studio(*embedded_models())


def tiny() -> Studio:
    """SAM and SDXL inpainting, the real classes with small random weights."""
    row = painter_row("sdxl-inpainting")
    info = replace(painter_info(row), native_side=NATIVE_SIDE)
    segmenter = SamSegmenter(tiny_sam(), segmenter_info(segmenter_row("sam-vit-base")))
    return Studio(segmenter, SdxlPainter(tiny_sdxl_inpaint(), info))


def changed_and_mask(data: bytes, region: Region) -> tuple[Mask, Mask]:
    """Check a downloaded PNG against the astronaut; return what changed, and its subject mask."""
    before, after, recipe = open_photo(ASTRONAUT), open_photo(data), read_recipe(data)
    assert recipe is not None and recipe.mask is not None
    assert recipe.photo_digest == before.digest
    assert recipe.region is region
    assert after.size == before.size
    mask = unpack_mask(recipe.mask, before.size)
    return (before.pixels != after.pixels).any(axis=2), mask


def subject_selected(guest: Visit) -> None:
    guest.open(ASTRONAUT, "astronaut.jpg")
    for place in PERSON:
        guest.click(*place)


@pytest.mark.parametrize("make", [embedded, tiny])
def test_background_then_subject_then_stop_then_the_same_again(
    serve_studio: Serve, open_page: OpenPage, make: Callable[[], Studio]
) -> None:
    guest = open_page(serve_studio(make()))
    subject_selected(guest)
    guest.prompt("sunset sea")
    guest.seed(7)
    guest.repaint()
    first = guest.download()[1]
    changed, mask = changed_and_mask(first, Region.BACKGROUND)
    assert not changed[mask].any()
    assert changed[~mask].mean() > 0.95

    guest.region("Subject")
    guest.prompt("red brick")
    guest.repaint()
    changed, mask = changed_and_mask(guest.download()[1], Region.SUBJECT)
    assert not changed[~mask].any()
    assert changed[mask].mean() > 0.9

    guest.region("Background")
    guest.prompt("sunset sea")
    guest.steps(100)
    guest.page.click("#pp-repaint")
    guest.started()
    guest.page.click("#pp-stop")
    guest.page.wait_for_selector("#pp-repaint")
    guest.stopped()
    guest.steps(20 if make is embedded else 25)
    guest.repaint()
    assert guest.download()[1] == first


def test_the_embedded_preset_selects_the_person(serve_studio: Serve, open_page: OpenPage) -> None:
    guest = open_page(serve_studio(embedded()))
    subject_selected(guest)
    guest.prompt("night city")
    guest.steps(2)
    guest.repaint()
    _, mask = changed_and_mask(guest.download()[1], Region.BACKGROUND)
    assert all(mask[y, x] for x, y in PERSON)
    corners = (mask[5, 5], mask[5, -5], mask[40, 360])
    assert not any(corners)
    assert 0.2 < mask.mean() < 0.6


def test_two_windows_with_two_photos_never_mix(serve_studio: Serve, open_page: OpenPage) -> None:
    url = serve_studio(embedded())
    first, second = open_page(url), open_page(url)
    subject_selected(first)
    cat = (PHOTOS / "chelsea.jpg").read_bytes()
    second.open(cat, "chelsea.jpg")
    second.click(200, 150)
    for guest, prompt in ((first, "night sea"), (second, "day forest")):
        guest.prompt(prompt)
        guest.steps(3)
    first.page.click("#pp-repaint")
    second.page.click("#pp-repaint")
    first.finished()
    second.finished()
    changed, mask = changed_and_mask(first.download()[1], Region.BACKGROUND)
    assert not changed[mask].any()
    recipe, photo = read_recipe(second.download()[1]), open_photo(cat)
    assert recipe is not None and recipe.mask is not None
    assert (recipe.photo_digest, recipe.settings.prompt) == (photo.digest, "day forest")
    result = open_photo(second.download()[1])
    mask = unpack_mask(recipe.mask, photo.size)
    assert np.array_equal(result.pixels[mask], photo.pixels[mask])
