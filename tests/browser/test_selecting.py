from __future__ import annotations

from threading import Event
from typing import Any

import pytest

from inpainting.types import Embedding, Rgb
from tests.browser.conftest import OpenPage, Site
from tests.support.photos import noise, png

pytestmark = pytest.mark.browser

PHOTO = png(noise(640, 480))
WINDOWS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "dense": {"viewport": {"width": 1100, "height": 800}, "device_scale_factor": 2},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
}


@pytest.mark.parametrize("window", WINDOWS)
def test_clicks_land_on_their_pixel(site: Site, open_page: OpenPage, window: str) -> None:
    guest = open_page(site.url, **WINDOWS[window])
    guest.open(PHOTO)
    places = [(0, 0), (639, 479), (17, 300), (321, 241)]
    for place in places:
        guest.click(*place)
    answered = site.segmenter.asked[-1][0].points
    off = [max(abs(p.x - x), abs(p.y - y)) for p, (x, y) in zip(answered, places, strict=True)]
    assert max(off) <= (1 if window == "phone" else 0)
    assert all(point.include for point in answered)


def test_a_click_shows_a_marker_a_mask_and_three_candidates(
    site: Site, open_page: OpenPage
) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    state = guest.click(320, 240)
    assert state["points"] == [[320, 240, 1]]
    assert guest.page.locator(".pp-point.pp-in").count() == 1
    assert guest.page.locator(".pp-candidate").count() == 3
    assert not guest.tinted(320, 240)
    assert guest.tinted(20, 20)


def test_exclude_by_shift_by_right_click_and_by_tool(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    guest.click(320, 240)
    guest.click(340, 240, "Shift")
    guest.click(300, 240, button="right")
    guest.tool("[data-tool=exclude]")
    state = guest.click(320, 260)
    assert [point[2] for point in state["points"]] == [1, 0, 0, 0]
    assert guest.page.locator(".pp-point.pp-out").count() == 3
    assert guest.tinted(340, 240)


def test_a_drag_makes_a_box(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    state = guest.drag((400, 300), (100, 50))
    assert state["box"] == [100, 50, 401, 301]
    assert guest.page.locator(".pp-box").count() == 1
    assert not guest.tinted(250, 150)
    assert guest.tinted(500, 400)


def test_undo_redo_and_clear_by_button_and_by_key(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    guest.click(100, 100)
    both = guest.click(500, 400)["points"]
    assert guest.press("Control+z")["points"] == both[:1]
    assert guest.tinted(500, 400)
    assert guest.press("Control+Shift+z")["points"] == both
    assert guest.tool("[data-action=undo]")["points"] == both[:1]
    assert guest.tool("[data-action=redo]")["points"] == both
    assert guest.tool("[data-action=clear]")["points"] == []
    assert not guest.tinted(20, 20)
    assert guest.press("Control+z")["points"] == both
    assert guest.page.is_disabled("[data-action=redo]") is False
    guest.page.focus("#pp-prompt textarea")
    guest.page.keyboard.press("Control+z")
    assert guest.settled()["points"] == both


def test_another_candidate_can_be_taken(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    guest.click(320, 240)
    assert guest.tinted(320, 95)
    guest.page.get_by_role("button", name="Candidate 3 of 3").click()
    state = guest.settled()
    assert state["chosen"] == 2
    assert not guest.tinted(320, 95)


def test_the_region_decides_which_side_is_tinted(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    guest.click(320, 240)
    guest.region("Subject")
    assert guest.tinted(320, 240)
    assert not guest.tinted(20, 20)
    guest.region("Background")
    assert guest.tinted(20, 20)


def test_quick_clicks_are_all_kept(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    for x in (50, 150, 250, 350, 450):
        guest.page.mouse.click(*guest.spot(x, 200))
    state = guest.settled()
    assert sorted(point[0] for point in state["points"]) == [50, 150, 250, 350, 450]


def test_early_clicks_wait_together_and_are_answered_together(
    site: Site, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, embed = Event(), site.segmenter.embed

    def slow(rgb: Rgb) -> Embedding:
        assert ready.wait(60)
        return embed(rgb)

    monkeypatch.setattr(site.segmenter, "embed", slow)
    guest = open_page(site.url)
    guest.choose(png(noise(320, 240, seed=9)), "slow.png")
    guest.page.wait_for_selector("#pp-canvas .pp-frame:not([hidden])")
    for x in (50, 100, 150, 200, 250):
        guest.page.mouse.click(*guest.spot(x, 120))
    guest.page.wait_for_selector(".pp-hint.pp-busy")
    guest.page.wait_for_function(
        "() => document.querySelector('#pp-canvas .pp-root').ppState().points.length === 5"
    )
    assert guest.value()["pending"]
    ready.set()
    state = guest.settled()
    assert len(state["points"]) == 5
    assert not guest.tinted(50, 120)
    assert guest.tinted(5, 5)
    assert guest.page.locator(".pp-hint.pp-busy").count() == 0


def test_a_tap_follows_the_tool(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url, **WINDOWS["phone"])
    guest.open(PHOTO)
    guest.page.touchscreen.tap(*guest.spot(320, 240))
    guest.settled()
    guest.tool("[data-tool=exclude]")
    guest.page.touchscreen.tap(*guest.spot(340, 240))
    state = guest.settled()
    assert [point[2] for point in state["points"]] == [1, 0]
    width = guest.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_two_windows_never_mix(site: Site, open_page: OpenPage) -> None:
    first, second = open_page(site.url), open_page(site.url)
    first.open(PHOTO, "first.png")
    second.open(png(noise(300, 200, seed=1)), "second.png")
    first.click(320, 240)
    second.click(30, 20)
    assert first.settled()["points"] == [[320, 240, 1]]
    assert second.settled()["points"] == [[30, 20, 1]]
    assert first.value()["photo"]["name"] == "first"
    assert second.value()["photo"]["width"] == 300
