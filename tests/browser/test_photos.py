from __future__ import annotations

import pytest

from tests.browser.conftest import EXAMPLES, OpenPage, Site
from tests.support.photos import noise, png

pytestmark = pytest.mark.browser


def test_a_file_that_is_no_photo_is_one_sentence_and_loses_nothing(
    site: Site, open_page: OpenPage
) -> None:
    guest = open_page(site.url)
    guest.open(png(noise(64, 48)), "good.png")
    guest.click(30, 20)
    guest.choose(b"<svg onload=alert(1)>", "<img src=x onerror=alert(1)>.png")
    guest.page.wait_for_selector(".pp-hint.pp-error")
    assert "PNG, JPEG or WebP" in guest.message()
    state = guest.settled()
    assert state["photo"]["name"] == "good"
    assert state["points"] == [[30, 20, 1]]


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    site: Site, open_page: OpenPage
) -> None:
    guest = open_page(site.url)
    guest.drop_large(31_000_000)
    guest.page.wait_for_selector(".pp-hint.pp-error")
    assert "30 MB" in guest.message()


def test_a_photo_can_be_dropped(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.drop(png(noise(80, 60)), "dropped.png")
    guest.page.wait_for_selector(".pp-frame:not([hidden])")
    assert guest.settled()["photo"]["name"] == "dropped"


def test_a_photo_can_be_closed_and_opened_again(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    for _ in range(2):
        guest.open(png(noise(80, 60)), "same.png")
        guest.click(10, 10)
        guest.tool("[data-action=close]")
        guest.page.wait_for_selector(".pp-empty:not([hidden])")
        assert guest.value()["photo"] is None


@pytest.mark.parametrize("index", range(len(EXAMPLES)))
def test_an_example_is_ready_with_one_click(site: Site, open_page: OpenPage, index: int) -> None:
    guest = open_page(site.url)
    state = guest.example(index)
    assert state["photo"]["name"] == EXAMPLES[index].stem
    assert state["points"]
    assert guest.page.input_value("#pp-prompt textarea")
    guest.repaint()
    assert guest.progress().startswith("Done")


def test_an_example_takes_the_place_of_an_upload(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(png(noise(80, 60)), "mine.png")
    guest.click(10, 10)
    state = guest.example(0)
    assert state["photo"]["name"] == EXAMPLES[0].stem
    assert [10, 10, 1] not in state["points"]
    guest.open(png(noise(90, 60)), "mine.png")
    state = guest.settled()
    assert (state["photo"]["name"], state["points"]) == ("mine", [])
