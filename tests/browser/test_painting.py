from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from inpainting.masks import grow, shrink
from inpainting.photo import open_photo
from inpainting.settings import Settings
from inpainting.status import Status
from inpainting.studio import Studio
from inpainting.web.restoring import SAME_SELECTED
from tests.browser.conftest import OpenPage, Site
from tests.support.browser import Visit
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.photos import noise, png

pytestmark = pytest.mark.browser

RGB = noise(320, 240)


def selected(site: Site, open_page: OpenPage) -> Visit:
    guest = open_page(site.url)
    guest.open(png(RGB), "noise.png")
    guest.click(160, 120)
    guest.prompt("sunset sea")
    return guest


def disc(x: int, y: int, radius: float) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    rows, columns = np.mgrid[: RGB.shape[0], : RGB.shape[1]]
    return np.asarray((columns - x) ** 2 + (rows - y) ** 2 <= radius**2, np.bool_)


def test_the_download_is_exact_and_keeps_what_was_not_repainted(
    site: Site, open_page: OpenPage
) -> None:
    guest = selected(site, open_page)
    guest.seed(17)
    guest.repaint()
    name, data = guest.download()
    assert name == "noise-sunset-sea-17.png"
    result = open_photo(data)
    subject = shrink(disc(160, 120, 240 / 5), 1)  # the hole reaches a pixel into it
    assert result.size == (320, 240)
    assert np.array_equal(result.pixels[subject], RGB[subject])
    assert (result.pixels[~subject] != RGB[~subject]).any(axis=1).mean() > 0.99
    assert "Seed 17" in guest.page.inner_text(".pp-meta")

    guest.region("Subject")
    guest.repaint()
    subject = grow(disc(160, 120, 240 / 5), 1)
    result = open_photo(guest.download()[1])
    assert np.array_equal(result.pixels[~subject], RGB[~subject])
    assert (result.pixels[subject] != RGB[subject]).any(axis=1).mean() > 0.8


def test_a_downloaded_result_brings_its_session_back(site: Site, open_page: OpenPage) -> None:
    guest = selected(site, open_page)
    guest.region("Subject")
    guest.seed(17)
    guest.steps(6)
    guest.repaint()
    name, data = guest.download()
    told = "This is the photo that it was made from", "This picture was made here"
    for other, words in zip((guest, open_page(site.url)), told, strict=True):
        other.prompt("something else")
        other.open(data, name)
        other.page.wait_for_function(
            "() => document.querySelector('#pp-prompt textarea').value === 'sunset sea'"
        )
        assert other.message().startswith(words)
        assert other.value()["points"] == [[160, 120, 1]]
        assert other.tinted(160, 120)
        assert not other.tinted(20, 20)
        assert other.page.get_by_role("radio", name="Subject").is_checked()
        other.repaint()
        assert other.progress().startswith("Done")
    assert site.painter.settings[-1] == site.painter.settings[-2]
    assert (site.painter.settings[-1].seed, site.painter.settings[-1].steps) == (17, 6)


def test_the_photo_of_a_downloaded_result_takes_over_what_it_brought(
    site: Site, open_page: OpenPage
) -> None:
    guest = selected(site, open_page)
    guest.seed(17)
    guest.repaint()
    name, data = guest.download()
    other = open_page(site.url)
    other.open(data, name)
    other.click(30, 20)
    serial = other.value()["serial"]
    other.choose(png(RGB), "noise.png")
    other.wait_serial(serial)
    assert other.settled()["points"] == [[160, 120, 1], [30, 20, 1]]
    assert other.message() == SAME_SELECTED
    assert other.page.input_value("#pp-prompt textarea") == "sunset sea"
    other.press("Control+z")
    other.repaint()
    assert other.progress().startswith("Done")


def test_stop_in_the_middle_loses_nothing_and_the_next_run_is_unharmed(
    site: Site, open_page: OpenPage
) -> None:
    guest = selected(site, open_page)
    closed = site.painter.closed
    site.gate.close(step=3)
    guest.page.click("#pp-repaint")
    guest.started()
    assert guest.page.locator("#pp-progress [role=progressbar]").get_attribute("aria-valuenow")
    guest.page.click("#pp-stop")
    guest.page.wait_for_selector("#pp-repaint")
    site.gate.open.set()
    guest.stopped()
    assert guest.value()["points"] == [[160, 120, 1]]
    assert guest.page.input_value("#pp-prompt textarea") == "sunset sea"
    guest.repaint()
    assert guest.progress().startswith("Done")
    assert site.painter.closed == closed + 1


def test_a_repaint_right_after_stop_waits_for_the_old_one_and_runs(
    site: Site, open_page: OpenPage
) -> None:
    guest = selected(site, open_page)
    site.gate.close(step=3)
    guest.page.click("#pp-repaint")
    guest.started()
    guest.page.click("#pp-stop")
    guest.prompt("red brick")
    guest.page.click("#pp-repaint")
    guest.page.wait_for_selector("#pp-stop")
    site.gate.open.set()
    guest.finished()
    assert guest.progress().startswith("Done")
    assert "red-brick" in guest.download()[0]


def test_keys_repaint_and_stop(site: Site, open_page: OpenPage) -> None:
    guest = selected(site, open_page)
    site.gate.close(step=2)
    guest.page.focus("#pp-prompt textarea")
    guest.page.keyboard.press("Control+Enter")
    guest.started()
    guest.page.keyboard.press("Escape")
    guest.page.wait_for_selector("#pp-repaint")
    site.gate.open.set()
    guest.stopped()


def test_a_click_does_not_wait_for_a_repaint(site: Site, open_page: OpenPage) -> None:
    guest, other = selected(site, open_page), open_page(site.url)
    site.gate.close(step=2)
    guest.page.click("#pp-repaint")
    guest.started()
    assert len(guest.click(40, 40)["points"]) == 2
    other.open(png(noise(100, 80)))
    assert len(other.click(40, 40)["points"]) == 1
    site.gate.open.set()
    guest.finished()
    assert guest.progress().startswith("Done")


def test_while_a_repaint_runs_it_is_told_what_a_click_is_for(
    site: Site, open_page: OpenPage
) -> None:
    guest, second = selected(site, open_page), selected(site, open_page)
    running = "A repaint is running; what you select now is for the next one."
    assert guest.message() != running
    site.gate.close(step=2)
    guest.page.click("#pp-repaint")
    guest.started()
    assert guest.message() == running
    second.page.click("#pp-repaint")
    second.page.wait_for_selector("#pp-stop")
    assert second.message() != running  # one that waits takes what is selected when it begins
    guest.click(40, 40)
    assert guest.message() == running
    site.gate.open.set()
    guest.finished()
    guest.result_shown()
    assert guest.message().startswith("Drag the line")
    here = shrink(disc(40, 40, 240 / 5), 1)
    result = open_photo(guest.download()[1]).pixels
    assert (result[here] != RGB[here]).any(axis=1).mean() > 0.8
    guest.repaint()
    assert np.array_equal(open_photo(guest.download()[1]).pixels[here], RGB[here])


def test_a_second_window_waits_its_turn_and_is_served(site: Site, open_page: OpenPage) -> None:
    first, second = selected(site, open_page), selected(site, open_page)
    second.prompt("red brick")
    site.gate.close(step=2)
    first.page.click("#pp-repaint")
    first.started()
    second.page.click("#pp-repaint")
    second.page.wait_for_selector("#pp-stop")
    assert "Waiting" in second.progress()
    site.gate.open.set()
    first.finished()
    second.finished()
    assert "sunset-sea" in first.download()[0]
    assert "red-brick" in second.download()[0]


def test_a_closed_window_stops_its_repaint(site: Site, open_page: OpenPage) -> None:
    guest, other = selected(site, open_page), selected(site, open_page)
    closed = site.painter.closed
    guest.steps(150)
    site.gate.close(step=2)
    guest.page.click("#pp-repaint")
    guest.started()
    guest.page.close()
    site.gate.pace = 0.05  # seconds: 150 steps last long enough to be stopped
    site.gate.open.set()
    other.repaint()
    assert other.progress().startswith("Done")
    assert site.painter.closed == closed + 1


def test_without_a_selection_a_sentence_says_what_to_do(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.repaint()
    assert "Open a photo first" in guest.progress()
    guest.open(png(RGB))
    guest.repaint()
    assert "click the subject" in guest.progress()


def test_a_bad_seed_is_a_sentence(site: Site, open_page: OpenPage) -> None:
    guest = selected(site, open_page)
    guest.seed(2**32)
    guest.repaint()
    assert "seed" in guest.progress()
    assert guest.value()["points"]


def test_the_seed_can_be_used_again(site: Site, open_page: OpenPage) -> None:
    guest = selected(site, open_page)
    guest.repaint()
    first = guest.download()
    guest.page.click("#pp-result .pp-reuse")
    guest.page.click("#pp-settings > button")
    field = guest.page.locator("#pp-seed").locator("input, textarea")
    guest.page.wait_for_function(
        "() => document.querySelector('#pp-seed :is(input, textarea)')?.value"
    )
    assert field.input_value() in first[0]
    guest.repaint()
    assert guest.download() == first


def test_the_page_says_what_is_loaded_and_follows_a_change(
    serve_studio: Callable[[Studio], str], open_page: OpenPage
) -> None:
    segmenter, painter = FakeSegmenter(), FakePainter()
    studio = Studio(segmenter, painter, Settings())
    reason = "No CUDA device was found."
    loading = Status(segmenter.info, painter.info, reason, "Loading <b>", 0.5, "", "make run")
    studio.report(loading)
    guest = open_page(serve_studio(studio))
    card = guest.page.locator("#pp-status")
    for text in ("Discs", "It paints one colour.", reason, "Loading <b>", "make run"):
        assert text in card.inner_text()
    better = FakePainter()
    better.info = type(painter.info)(
        key="better",
        title="Two colours",
        source="tests",
        revision="1",
        licence="x",
        schedulers=("LMS",),
        defaults=type(painter.info.defaults)(9, 3.0, 0.9, "LMS"),  # type: ignore[misc]
    )
    studio.use(painter=better)
    guest.page.wait_for_function(
        "() => document.querySelector('#pp-status').innerText.includes('Two colours')"
    )
    guest.open(png(RGB))
    guest.click(100, 100)
    guest.repaint()
    assert guest.progress().startswith("Done")
    assert (better.settings[0].steps, better.settings[0].scheduler) == (9, "LMS")
