"""The five tools, recipes and the choice of models, as a person uses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inpainting.photo import open_photo
from inpainting.studio import Studio
from inpainting.types import PaintDefaults
from inpainting.web.gridding import NO_VALUES
from models.filling import embedded_fillers
from tests.browser.conftest import OpenPage, Site
from tests.support.browser import Visit
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import noise, png
from tests.support.switching import FakeSwitch

pytestmark = pytest.mark.browser

SIZE = (320, 240)
RGB = noise(*SIZE)


def opened(url: str, open_page: OpenPage) -> Visit:
    guest = open_page(url)
    guest.open(png(RGB), "noise.png")
    guest.click(160, 120)
    return guest


def link(guest: Visit, kind: str) -> tuple[str, bytes]:
    """Download what a link under the results leads to."""
    with guest.page.expect_download() as waiting:
        guest.page.click(f"#pp-result .pp-{kind}")
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_remove_asks_no_prompt_and_fills_the_subject(
    serve_studio: Callable[..., str], open_page: OpenPage
) -> None:
    fillers = {"telea": embedded_fillers()["telea"]}
    url = serve_studio(Studio(FakeSegmenter(), FakePainter(), fillers=fillers))
    guest = opened(url, open_page)
    guest.take("Remove")
    for hidden in ("#pp-prompt", "#pp-negative", "#pp-region", "#pp-sides"):
        assert not guest.page.locator(hidden).is_visible()
    assert guest.page.locator("#pp-method").is_visible()
    assert guest.tinted(160, 120)
    assert not guest.tinted(10, 10)
    guest.repaint()
    assert guest.progress().startswith("Done")
    name, data = guest.download()
    assert "removed" in name
    result = open_photo(data).pixels
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    near = (columns - 160) ** 2 + (rows - 120) ** 2
    assert (result[near < 40**2] != RGB[near < 40**2]).any(axis=1).mean() > 0.9
    assert np.array_equal(result[near > 60**2], RGB[near > 60**2])


def test_extend_makes_the_picture_larger_and_keeps_the_photo(
    site: Site, open_page: OpenPage
) -> None:
    guest = opened(site.url, open_page)
    guest.take("Extend")
    guest.pick("#pp-quick-sides", "Square")
    guest.page.wait_for_function(
        "() => document.querySelector('#pp-n-bottom input').value === '40'"
    )
    guest.number("right", 30)
    guest.repaint()
    guest.result_shown()
    result = open_photo(guest.download()[1])
    assert result.size == (350, 320)
    inner = result.pixels[40:-40, :320]
    assert np.array_equal(inner, RGB)
    assert "350" in guest.page.inner_text(".pp-meta")
    assert guest.value()["photo"]["width"] == 320


def test_a_picture_from_nothing_becomes_the_photo_and_is_gone_on_with(
    site: Site, open_page: OpenPage
) -> None:
    guest = open_page(site.url)
    guest.take("Create")
    guest.number("width", 192)
    guest.number("height", 128)
    guest.prompt("sunset sea")
    guest.page.keyboard.press("Control+Enter")
    guest.finished()
    guest.page.wait_for_function(
        "() => document.querySelector('#pp-canvas .pp-root').ppState().photo"
    )
    state = guest.settled()
    assert (state["photo"]["width"], state["photo"]["height"]) == (192, 128)
    first = open_photo(guest.download()[1])
    guest.take("Repaint")
    assert guest.click(96, 64)["points"] == [[96, 64, 1]]
    guest.prompt("red brick")
    guest.repaint()
    guest.result_shown()
    second = open_photo(guest.download()[1])
    assert second.size == first.size == (192, 128)
    assert (second.pixels[64, 96] == first.pixels[64, 96]).all()
    assert (second.pixels[2, 2] != first.pixels[2, 2]).any()


def test_a_restyle_takes_the_whole_photo_or_a_side(site: Site, open_page: OpenPage) -> None:
    guest = opened(site.url, open_page)
    guest.take("Restyle")
    assert guest.page.get_by_role("radio", name="Whole photo").is_checked()
    assert not guest.tinted(10, 10)
    guest.prompt("sunset sea")
    guest.repaint()
    assert site.painter.settings[-1].strength == 0.6
    whole = open_photo(guest.download()[1]).pixels
    assert (whole != RGB).any(axis=2).mean() > 0.99
    guest.page.click("#pp-canvas .pp-back")
    guest.region("Subject")
    guest.repaint()
    guest.result_shown()
    side = open_photo(guest.download()[1]).pixels
    assert (side[120, 160] != RGB[120, 160]).any()
    assert np.array_equal(side[:20], RGB[:20])
    guest.page.click("#pp-canvas .pp-back")
    guest.take("Repaint")
    assert not guest.page.get_by_role("radio", name="Whole photo").is_visible()


def test_a_size_that_cannot_be_is_a_sentence(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.take("Create")
    guest.number("width", 99_999)
    guest.repaint()
    assert "The width is 99999; it must be a whole number from 64 to 4096." in guest.progress()
    guest.take("Extend")
    guest.repaint()
    assert "Open a photo first" in guest.progress()


@pytest.mark.parametrize("kind", ["download", "recipe"])
def test_a_recipe_dropped_on_its_photo_makes_the_same_file(
    site: Site, open_page: OpenPage, kind: str
) -> None:
    guest = opened(site.url, open_page)
    guest.region("Subject")
    guest.new_part("add")
    guest.click(40, 40)
    guest.edge("smooth", 5)
    guest.prompt("sunset sea")
    guest.seed(17)
    guest.steps(6)
    guest.repaint()
    first = guest.download()
    name, data = link(guest, kind)
    other = open_page(site.url)
    other.open(png(RGB), "noise.png")
    other.drop(data, name)
    other.page.wait_for_function(
        "() => document.querySelector('#pp-prompt textarea').value === 'sunset sea'"
    )
    other.page.wait_for_function("() => document.querySelectorAll('.pp-part').length === 2")
    assert other.message().startswith("This is the photo that it was made from")
    assert other.settled()["photo"]["digest"] == guest.value()["photo"]["digest"]
    other.repaint()
    assert other.download() == first


def test_the_steps_are_kept_as_a_filmstrip_where_that_is_wanted(
    site: Site, open_page: OpenPage
) -> None:
    guest = opened(site.url, open_page)
    guest.repaint()
    assert not guest.page.locator("#pp-result .pp-film").is_visible()
    guest.page.click("#pp-fine > button")
    guest.page.get_by_label("Keep the steps").check()
    guest.repaint()
    guest.page.wait_for_selector("#pp-result .pp-film", state="visible")
    name, data = link(guest, "film")
    assert name.endswith("-steps.png")
    assert open_photo(data).size[0] > 320


def test_a_grid_gives_each_picture_and_one_with_all(site: Site, open_page: OpenPage) -> None:
    guest = opened(site.url, open_page)
    guest.page.click("#pp-grid > button")
    for axis, setting, values in (("x", "steps", "2, 3"), ("y", "seed", "5-6")):
        guest.pick(f"#pp-{axis}-setting", setting)
        guest.page.fill(f"#pp-{axis}-values :is(input, textarea)", values)
    guest.page.wait_for_function(
        "() => document.querySelector('#pp-grid-size').innerText.includes('2 x 2 pictures')"
    )
    guest.repaint()
    guest.page.wait_for_function(
        "() => document.querySelectorAll('#pp-result .pp-strip > *').length === 5"
    )
    assert {(s.steps, s.seed) for s in site.painter.settings[-4:]} == {
        (2, 5),
        (3, 5),
        (2, 6),
        (3, 6),
    }
    sheet = open_photo(guest.download()[1])
    assert sheet.size[0] > 640
    assert not guest.page.is_visible(".pp-meta"), "a sheet has no seed of its own"
    assert not guest.page.is_visible(".pp-reuse")
    assert not guest.page.locator("#pp-result .pp-recipe").is_visible()
    guest.result_shown()
    for part in (".pp-slide-at", ".pp-tag-left", ".pp-tag-right", ".pp-hold"):
        assert not guest.page.locator(part).is_visible()
    clip = guest.page.evaluate("getComputedStyle(document.querySelector('.pp-now')).clipPath")
    assert clip == "none"
    assert "Drag the line" not in guest.message()
    guest.page.locator("#pp-result .pp-strip > *").nth(1).click()
    guest.page.wait_for_selector(".pp-slide-at", state="visible")
    assert guest.message().startswith("Drag the line")


def test_sides_to_extend_are_those_of_one_photo(site: Site, open_page: OpenPage) -> None:
    guest = opened(site.url, open_page)
    guest.take("Extend")
    guest.pick("#pp-quick-sides", "Square")
    shows = "(n) => document.querySelector('#pp-n-bottom input').value === n"
    guest.page.wait_for_function(shows, arg="40")
    guest.steps(3)
    guest.choose(png(noise(100, 300)), "tall.png")
    guest.page.wait_for_function(shows, arg="0")
    assert guest.page.input_value("#pp-quick-sides input") == ""
    assert guest.page.input_value("#pp-steps input[type=number]") == "3"


def test_emptied_values_make_no_grid_and_hold_no_repaint_up(
    site: Site, open_page: OpenPage
) -> None:
    guest = opened(site.url, open_page)
    guest.page.click("#pp-grid > button")
    guest.pick("#pp-x-setting", "steps")
    for values, told in (("2, 3", "2 x 1 pictures"), ("", NO_VALUES)):
        guest.page.fill("#pp-x-values :is(input, textarea)", values)
        guest.page.wait_for_function(
            "(told) => document.querySelector('#pp-grid-size').innerText.includes(told)", arg=told
        )
    count = len(site.painter.settings)
    guest.repaint()
    assert guest.progress().startswith("Done")
    assert len(site.painter.settings) == count + 1


def test_another_model_is_loaded_and_one_that_fails_changes_nothing(
    serve_studio: Callable[..., str], open_page: OpenPage
) -> None:
    studio, better = Studio(FakeSegmenter(), FakePainter()), FakePainter()
    best = PaintDefaults(9, 3.0, 0.9, "Euler")
    better.info = replace(better.info, key="better", title="Two colours", defaults=best)
    switch = FakeSwitch(studio, {"better": better, "gone": None})
    switch.gate.clear()
    guest = opened(serve_studio(studio, switch), open_page)
    guest.page.click("#pp-models > button")
    choose(guest, "Painter gone ↓ 7.0 GB", "has to be accepted")
    for text in ("7.0 GB", "has to be accepted", "does not allow commercial use"):
        assert text in guest.page.inner_text("#pp-facts")
    guest.page.click("#pp-load")
    card = guest.page.locator("#pp-status")
    card.get_by_text("Loading gone.").wait_for()
    switch.gate.set()
    card.get_by_text("gone could not be loaded.").wait_for()
    guest.repaint()
    assert guest.progress().startswith("Done")
    choose(guest, "Two colours", "It paints one colour.")
    guest.page.click("#pp-load")
    card.get_by_text("Two colours").wait_for()
    guest.page.wait_for_function(
        "() => document.querySelector('#pp-header').innerText.includes('Two colours')"
    )
    guest.repaint()
    assert guest.progress().startswith("Done")
    assert (better.settings[-1].steps, better.settings[-1].guidance) == (9, 3.0)


def choose(guest: Visit, title: str, fact: str) -> None:
    """Choose a model, and wait until its facts are shown."""
    guest.pick("#pp-model", title)
    guest.page.locator("#pp-facts").get_by_text(fact).wait_for()
