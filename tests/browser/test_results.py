"""Results: shown in place, kept in a strip, compared, taken further, downloaded; and undone."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest

from inpainting.masks import shrink
from inpainting.photo import open_photo
from inpainting.types import Mask
from tests.browser.conftest import OpenPage, Site
from tests.support.browser import Visit
from tests.support.photos import noise, png

pytestmark = pytest.mark.browser

SIZE = (320, 240)
RGB = noise(*SIZE)

CUT_OFF = ("AbortError", "Unexpected error Connection errored out")
"""What gradio's own script says in a window that is left while it listens."""


def kept(x: int, y: int) -> Mask:
    """What a repaint of the background leaves of the disc that a click selects."""
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    disc = np.asarray((columns - x) ** 2 + (rows - y) ** 2 <= (SIZE[1] / 5) ** 2, np.bool_)
    return shrink(disc, 1)


def painted(site: Site, open_page: OpenPage, seed: int = 17) -> Visit:
    guest = open_page(site.url, reduced_motion="reduce")
    guest.open(png(RGB), "noise.png")
    guest.click(160, 120)
    guest.prompt("sunset sea")
    guest.seed(seed)
    guest.repaint()
    guest.result_shown()
    return guest


def test_the_result_is_shown_on_the_canvas_and_the_key_goes_back(
    site: Site, open_page: OpenPage
) -> None:
    guest = painted(site, open_page)
    assert guest.page.locator(".pp-now").is_visible()
    guest.page.focus(".pp-stage")
    guest.page.keyboard.press("r")
    guest.page.wait_for_selector(".pp-now", state="hidden")
    guest.settled()
    assert guest.tinted(10, 10)
    guest.page.keyboard.press("r")
    guest.page.wait_for_selector(".pp-now")


def test_a_held_key_shows_the_original(site: Site, open_page: OpenPage) -> None:
    guest = painted(site, open_page)
    guest.page.focus(".pp-stage")
    after = guest.colour_at(300, 20)
    guest.page.keyboard.down("\\")
    guest.page.wait_for_function(VISIBLE_ORIGINAL)
    before = guest.colour_at(300, 20)
    guest.page.keyboard.up("\\")
    assert before != after
    assert guest.colour_at(300, 20) == after


VISIBLE_ORIGINAL = "() => document.querySelector('.pp-root').classList.contains('pp-original')"


def test_the_divider_shows_before_and_after(site: Site, open_page: OpenPage) -> None:
    guest = painted(site, open_page)
    guest.page.locator(".pp-slide-at").fill("50")
    left, right = guest.colour_at(20, 120), guest.colour_at(300, 120)
    guest.page.locator(".pp-slide-at").fill("0")
    assert guest.colour_at(300, 120) == right
    assert guest.colour_at(20, 120) != left


def test_variations_come_one_by_one_and_all_go_into_one_zip(
    site: Site, open_page: OpenPage
) -> None:
    guest = open_page(site.url)
    guest.open(png(RGB), "noise.png")
    guest.click(160, 120)
    guest.seed(5)
    guest.page.locator("#pp-variations input[type=number]").fill("3")
    guest.page.locator("#pp-variations input[type=number]").press("Tab")
    guest.repaint()
    guest.page.wait_for_function(
        "() => document.querySelectorAll('#pp-result .pp-strip > *').length === 3"
    )
    with guest.page.expect_download() as waiting:
        guest.page.click("#pp-result .pp-zip")
    with ZipFile(waiting.value.path()) as archive:
        names = archive.namelist()
        pictures = [open_photo(archive.read(name)) for name in names]
    assert len(set(names)) == 3
    mask = kept(160, 120)
    assert all((picture.pixels[mask] == RGB[mask]).all() for picture in pictures)
    assert {s.seed for s in site.painter.settings[-3:]} == {5, 6, 7}


def test_an_edit_of_an_edit_keeps_the_pixels_of_the_first_photo(
    site: Site, open_page: OpenPage
) -> None:
    guest = painted(site, open_page)
    serial = guest.value()["serial"]
    guest.page.click("#pp-result .pp-further")
    guest.wait_serial(serial)
    assert guest.settled()["points"] == []
    guest.region("Subject")
    guest.click(40, 40)
    guest.prompt("red brick")
    guest.repaint()
    result = open_photo(guest.download()[1])
    mask = kept(160, 120)
    assert (result.pixels[mask] == RGB[mask]).all()
    first, second = (open_photo(data) for data in (painted_file(guest, 0), painted_file(guest, 1)))
    assert first.digest != second.digest


def painted_file(guest: Visit, index: int) -> bytes:
    """Download the result at a place of the strip."""
    guest.page.locator("#pp-result .pp-strip > *").nth(index).click()
    return guest.download()[1]


def test_undo_takes_the_painting_and_the_step_further_back(site: Site, open_page: OpenPage) -> None:
    guest = painted(site, open_page)
    first = guest.value()["photo"]["digest"]
    serial = guest.value()["serial"]
    guest.page.click("#pp-result .pp-further")
    guest.wait_serial(serial)
    assert guest.settled()["photo"]["digest"] != first
    guest.page.focus(".pp-stage")
    state = guest.press("Control+z")
    assert state["photo"]["digest"] == first
    assert state["points"] == [[160, 120, 1]]
    guest.press("Control+z")
    assert guest.value()["result"] == 0
    assert guest.press("Control+Shift+z")["result"] == 1
    assert guest.page.locator("#pp-result .pp-strip > *").count() == 1


def test_each_undo_shows_something_else(site: Site, open_page: OpenPage) -> None:
    guest = painted(site, open_page)
    guest.page.click("#pp-canvas .pp-back")
    guest.page.wait_for_selector(".pp-now", state="hidden")
    guest.click(40, 40)
    guest.page.focus(".pp-stage")
    assert guest.press("Control+z")["points"] == [[160, 120, 1]]
    assert guest.press("Control+z")["points"] == []
    assert guest.page.locator("[data-action=undo]").is_disabled()


def test_a_repaint_that_fails_loses_nothing(site: Site, open_page: OpenPage) -> None:
    guest = painted(site, open_page)
    guest.seed(2**32)
    guest.repaint()
    assert "seed" in guest.progress()
    assert guest.page.locator("#pp-result .pp-strip > *").count() == 1
    state = guest.value()
    assert state["points"] == [[160, 120, 1]]
    assert guest.page.input_value("#pp-prompt textarea") == "sunset sea"


def test_a_reload_brings_everything_back(site: Site, open_page: OpenPage) -> None:
    guest = painted(site, open_page)
    guest.page.click("#pp-canvas .pp-back")
    guest.region("Subject")
    guest.click(40, 40)
    before = guest.settled()
    with guest.page.expect_response(lambda r: "not painted yet" in (r.request.post_data or "")):
        guest.prompt("a prompt not painted yet")
    guest.page.reload()
    guest.page.wait_for_function(
        "() => document.querySelector('#pp-canvas .pp-root')?.ppState?.().points.length === 2"
    )
    after = guest.settled()
    for name in ("points", "mask", "region", "edges", "parts", "undo", "photo"):
        assert after[name] == before[name]
    guest.page.wait_for_function(
        "() => document.querySelector('#pp-prompt textarea').value === 'a prompt not painted yet'"
    )
    assert guest.page.get_by_role("radio", name="Subject").is_checked()
    assert guest.page.locator("#pp-result .pp-strip > *").count() == 1
    assert guest.press("Control+z")["points"] == [[160, 120, 1]]
    guest.repaint()
    assert guest.progress().startswith("Done")


def test_a_reload_during_a_repaint_tells_that_it_was_stopped(
    site: Site, open_page: OpenPage
) -> None:
    guest = painted(site, open_page)
    guest.steps(20)
    guest.prompt("red brick")
    site.gate.close(step=3)
    guest.page.click("#pp-repaint")
    guest.started()
    guest.page.reload()
    guest.stopped("was stopped when the page was closed or loaded again")
    site.gate.open.set()
    state = guest.settled()
    assert state["points"] == [[160, 120, 1]]
    assert guest.page.input_value("#pp-prompt textarea") == "red brick"
    assert guest.page.locator("#pp-result .pp-strip > *").count() == 1
    guest.repaint()
    assert guest.progress().startswith("Done")
    guest.trouble[:] = [text for text in guest.trouble if not text.startswith(CUT_OFF)]


def test_another_window_does_not_get_the_desk(site: Site, open_page: OpenPage) -> None:
    painted(site, open_page)
    other = open_page(site.url)
    assert other.settled()["photo"] is None
    assert other.page.locator("#pp-result .pp-strip > *").count() == 0


def test_the_alpha_of_the_cut_out_is_what_stays(site: Site, open_page: OpenPage) -> None:
    guest = painted(site, open_page)
    data = guest.fetched("cutout")[1]
    cut = open_photo(BytesIO(data).getvalue())
    assert cut.alpha is not None
    assert ((cut.alpha > 0) == kept(160, 120)).all()
