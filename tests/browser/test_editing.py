"""Brush, eraser, points, edges, parts, masks in and out: what the hands do on the canvas."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inpainting.masks import shrink
from inpainting.types import Mask
from tests.browser.conftest import OpenPage, Site
from tests.support.browser import Visit
from tests.support.photos import noise, png
from tests.support.views import mask_of

pytestmark = pytest.mark.browser

SIZE = (640, 480)
PHOTO = png(noise(*SIZE))
RADIUS = 480 / 5
"""Of the disc that the fake segmenter selects."""


def opened(site: Site, open_page: OpenPage, *clicks: tuple[int, int]) -> Visit:
    guest = open_page(site.url)
    guest.open(PHOTO, "noise.png")
    for place in clicks:
        guest.click(*place)
    return guest


def selection(guest: Visit) -> Mask:
    """The mask that the page holds."""
    seen = guest.settled()
    return np.zeros(SIZE[::-1], np.bool_) if seen["mask"] is None else mask_of(seen)


def disc(x: int, y: int, radius: float = RADIUS) -> Mask:
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    return np.asarray((columns - x) ** 2 + (rows - y) ** 2 <= radius**2, np.bool_)


def bare(guest: Visit) -> None:
    """Take the edges' default away."""
    guest.edge("grow", 0)


def agreement(one: Mask, other: Mask) -> float:
    both: NDArray[np.bool_] = one & other
    return float(both.sum() / (one | other).sum())


def test_a_click_on_a_point_removes_it_and_a_drag_moves_it(site: Site, open_page: OpenPage) -> None:
    guest = opened(site, open_page, (100, 100), (500, 300))
    assert guest.click(100, 100)["points"] == [[500, 300, 1]]
    state = guest.drag((500, 300), (400, 200))
    assert state["points"] == [[400, 200, 1]]
    assert state["box"] is None
    bare(guest)
    assert (selection(guest) == disc(400, 200)).all()


def test_what_is_repainted_grows_a_little_by_default(site: Site, open_page: OpenPage) -> None:
    guest = opened(site, open_page, (320, 240))
    assert guest.value()["edges"]["grow"] == 1
    assert (selection(guest) == shrink(disc(320, 240), 1)).all()
    guest.region("Subject")
    assert selection(guest).sum() > disc(320, 240).sum()


@pytest.mark.parametrize("scale", [0.6, 1.7, 8.0])
def test_the_mask_after_a_stroke_is_the_same_at_any_zoom(
    site: Site, open_page: OpenPage, scale: float
) -> None:
    guest = opened(site, open_page, (320, 240))
    bare(guest)
    guest.look(scale, -290 * scale + 300, -230 * scale + 200)
    guest.tool("[data-tool=brush]")
    guest.brush_size(40)
    guest.stroke((300, 240), (330, 250))
    drawn = selection(guest)
    expected = disc(320, 240)
    assert (drawn >= expected).all()
    guest.tool("[data-tool=eraser]")
    guest.stroke((300, 240), (330, 250))
    erased = selection(guest)
    gone = expected & ~erased
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    near = np.hypot(columns - 315, rows - 245) < 15
    assert gone[near].all()
    assert not gone[np.hypot(columns - 315, rows - 245) > 50].any()


def test_a_brush_alone_selects(site: Site, open_page: OpenPage) -> None:
    guest = opened(site, open_page)
    guest.tool("[data-tool=brush]")
    guest.brush_size(60)
    guest.stroke((100, 100), (300, 100))
    assert guest.tinted(600, 400)
    assert not guest.tinted(200, 100)
    guest.press("Control+z")
    assert not selection(guest).any()
    guest.press("Control+Shift+z")
    assert selection(guest)[100, 200]


def test_quick_strokes_are_all_kept(site: Site, open_page: OpenPage) -> None:
    guest = opened(site, open_page)
    guest.tool("[data-tool=brush]")
    guest.brush_size(20)
    for y in (60, 160, 260, 360):
        guest.stroke((100, y), (500, y), wait=False)
    mask = selection(guest)
    assert all(mask[y, 300] for y in (60, 160, 260, 360))
    assert guest.value()["parts"][0]["strokes"] == 4


def test_edges_are_live_and_undone_with_their_sliders(site: Site, open_page: OpenPage) -> None:
    guest = opened(site, open_page, (320, 240))
    before = selection(guest)
    guest.edge("grow", 20)
    grown = selection(guest)
    assert (grown == shrink(disc(320, 240), 20)).all()
    assert guest.tinted(320, int(240 - RADIUS + 10))
    guest.press("Control+z")
    assert (selection(guest) == before).all()
    assert guest.page.locator("[data-edge=grow]").input_value() == "1"


def test_parts_are_added_subtracted_intersected_hidden_and_deleted(
    site: Site, open_page: OpenPage
) -> None:
    guest = opened(site, open_page, (250, 240))
    bare(guest)
    one, two = disc(250, 240), disc(350, 240)
    guest.new_part("add")
    guest.click(350, 240)
    assert (selection(guest) == (one | two)).all()
    guest.part(1).locator("select").select_option("subtract")
    assert (selection(guest) == (one & ~two)).all()
    guest.part(1).locator("select").select_option("intersect")
    assert (selection(guest) == (one & two)).all()
    guest.part(1).locator(".pp-eye").click()
    assert (selection(guest) == one).all()
    guest.part(1).locator(".pp-eye").click()
    guest.part(1).locator(".pp-drop-part").click()
    assert (selection(guest) == one).all()
    for expected in (one & two, one, one & two):
        guest.press("Control+z")
        assert (selection(guest) == expected).all()


def test_the_brush_takes_away_in_a_part_that_subtracts(site: Site, open_page: OpenPage) -> None:
    guest = opened(site, open_page, (250, 240))
    bare(guest)
    before = selection(guest)
    guest.new_part("subtract")
    guest.tool("[data-tool=brush]")
    assert guest.page.locator('[data-hint~="eraser"]').is_visible()
    assert not guest.page.locator('[data-hint~="brush"]').is_visible()
    guest.stroke((250, 200), (250, 280))
    after = selection(guest)
    assert not after[240, 250]
    assert (after <= before).all()
    guest.new_part("add")
    assert guest.page.locator('[data-hint~="brush"]').is_visible()
    guest.stroke((250, 230), (250, 250))
    assert selection(guest)[240, 250]


def test_the_subject_is_proposed_without_a_click(site: Site, open_page: OpenPage) -> None:
    guest = opened(site, open_page)
    guest.tool("[data-action=subject]")
    assert selection(guest).any()
    before = selection(guest)
    guest.click(600, 40)
    assert (selection(guest) >= before).all()
    assert len(guest.value()["parts"]) == 2


def test_everything_offers_segments_under_the_pointer(site: Site, open_page: OpenPage) -> None:
    guest = opened(site, open_page)
    guest.everything()
    guest.page.mouse.click(*guest.spot(100, 100))
    guest.settled()
    mask = selection(guest)
    assert mask[100, 100]
    assert not mask.all()


def test_a_resting_pointer_shows_what_a_click_would_select(site: Site, open_page: OpenPage) -> None:
    guest = opened(site, open_page, (100, 100))
    guest.page.wait_for_function(
        "() => document.querySelector('#pp-canvas .pp-root').ppState().can.hover"
    )
    before, asked = selection(guest), len(site.segmenter.asked)
    guest.page.mouse.move(*guest.spot(400, 290))
    guest.page.mouse.move(*guest.spot(400, 300), steps=3)
    guest.page.wait_for_function(DRAWN_LIVE)
    prompts, _ = site.segmenter.asked[-1]
    assert len(site.segmenter.asked) > asked
    assert len(prompts.points) == 2
    assert (selection(guest) == before).all()
    assert guest.value()["points"] == [[100, 100, 1]]
    guest.page.mouse.move(0, 0)
    guest.page.wait_for_function(f"() => !({DRAWN_LIVE})()")


DRAWN_LIVE = """() => {
  const canvas = document.querySelector('.pp-live');
  if (!canvas.width || !canvas.height) return false;
  const options = { willReadFrequently: true };
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', options);
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value) => value > 0);
}"""


def test_a_mask_goes_out_and_comes_in_again(site: Site, open_page: OpenPage) -> None:
    guest = opened(site, open_page, (320, 240))
    mask = selection(guest)
    name, data = guest.fetched("mask")
    assert name.endswith(".png")
    out = np.asarray(Image.open(BytesIO(data)).convert("L")) >= 128
    assert (out == mask).all()
    guest.tool("[data-action=clear]")
    guest.upload_mask(data, "mask.png")
    bare(guest)
    assert (selection(guest) == mask).all()


def test_a_mask_of_another_shape_is_refused_with_a_sentence(
    site: Site, open_page: OpenPage
) -> None:
    guest = opened(site, open_page, (320, 240))
    guest.upload_mask(png(noise(50, 50)), "other.png")
    guest.page.wait_for_selector(".pp-hint.pp-error")
    assert "640" in guest.message()
    assert guest.value()["points"] == [[320, 240, 1]]


def test_the_cut_out_is_the_subject_with_transparency(site: Site, open_page: OpenPage) -> None:
    guest = opened(site, open_page, (320, 240))
    mask = selection(guest)
    picture = np.asarray(Image.open(BytesIO(guest.fetched("cutout")[1])))
    assert ((picture[..., 3] > 0) == mask).all()
    assert (picture[..., :3][mask] == noise(*SIZE)[mask]).all()
