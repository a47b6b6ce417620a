"""Zoom and pan: whatever is shown, a click lands on the pixel that lies under it."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from tests.browser.conftest import OpenPage, Site
from tests.support.browser import Visit
from tests.support.photos import noise, png

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 1503, 997
PHOTO = png(noise(WIDTH, HEIGHT))
CASES = 100
"""In each of the five windows: 500 together."""

WINDOWS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "desktop-dense": {"viewport": {"width": 1440, "height": 900}, "device_scale_factor": 2},
    "odd": {"viewport": {"width": 1001, "height": 703}, "device_scale_factor": 1.5},
    "phone": {"viewport": {"width": 390, "height": 844}},
    "phone-dense": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
}

SHOWN_WIDTH = "document.querySelector('.pp-photo').getBoundingClientRect().width"

Place = tuple[int, int]


def some_view(guest: Visit, chance: random.Random) -> None:
    """Zoom by a random amount to a random place."""
    _, _, width, height = guest.lies(".pp-stage")
    fit = min(width / WIDTH, height / HEIGHT)
    scale = math.exp(chance.uniform(math.log(fit), math.log(32)))
    guest.look(scale, *(-chance.uniform(0, 1) * side * scale for side in (WIDTH, HEIGHT)))


def some_place(guest: Visit, chance: random.Random) -> tuple[Place, tuple[float, float]]:
    """Return a place of the screen on the photo, and where on the photo it lies."""
    stage, photo = guest.lies(".pp-stage"), guest.lies(".pp-photo")
    low = [math.ceil(max(stage[n], photo[n])) for n in (0, 1)]
    high = [math.floor(min(b[n] + b[n + 2] for b in (stage, photo))) - 1 for n in (0, 1)]
    x, y = (chance.randint(*ends) for ends in zip(low, high, strict=True))
    return (x, y), (
        (x - photo[0]) / photo[2] * WIDTH,
        (y - photo[1]) / photo[3] * HEIGHT,
    )


@pytest.mark.parametrize("window", WINDOWS)
def test_clicks_land_within_a_pixel_wherever_one_looks(
    site: Site, open_page: OpenPage, window: str
) -> None:
    guest = open_page(site.url, **WINDOWS[window])
    guest.open(PHOTO)
    guest.page.locator(".pp-stage").scroll_into_view_if_needed()
    chance = random.Random(window)
    for _ in range(CASES):
        some_view(guest, chance)
        screen, expected = some_place(guest, chance)
        guest.page.mouse.click(*screen)
        (point,) = guest.settled()["points"]
        middle = (point[0] + 0.5, point[1] + 0.5)
        assert max(abs(a - b) for a, b in zip(middle, expected, strict=True)) <= 1
        guest.press("Control+z")


def test_the_wheel_zooms_at_the_pointer_and_comes_back_to_the_whole(
    site: Site, open_page: OpenPage
) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    whole = guest.lies()
    place = guest.spot(400, 300)
    guest.page.mouse.move(place[0] - 20, place[1])
    guest.page.mouse.move(*place, steps=3)
    for _ in range(6):
        guest.page.mouse.wheel(0, -120)
    guest.page.wait_for_function(f"(w) => {SHOWN_WIDTH} > 1.5 * w", arg=whole[2])
    zoomed = guest.spot(400, 300)
    assert max(abs(a - b) for a, b in zip(place, zoomed, strict=True)) < 3
    for _ in range(12):
        guest.page.mouse.wheel(0, 120)
    guest.page.wait_for_function(f"(w) => Math.abs({SHOWN_WIDTH} - w) < 1", arg=whole[2])


def test_keys_zoom_in_out_to_pixels_and_to_the_whole(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    whole = guest.lies()
    guest.page.focus(".pp-stage")
    guest.press("1")
    assert guest.lies()[2] == pytest.approx(WIDTH, abs=1)
    guest.press("+")
    assert guest.lies()[2] > WIDTH
    guest.press("0")
    assert guest.lies() == pytest.approx(whole, abs=1)


def test_space_and_a_drag_move_the_photo_and_select_nothing(
    site: Site, open_page: OpenPage
) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    guest.page.focus(".pp-stage")
    guest.press("1")
    before, (left, top, width, height) = guest.lies(), guest.lies(".pp-stage")
    middle = (left + width / 2, top + height / 2)
    guest.page.keyboard.down(" ")
    guest.page.mouse.move(*middle)
    guest.page.mouse.down()
    guest.page.mouse.move(middle[0] - 50, middle[1] - 30, steps=3)
    guest.page.mouse.up()
    guest.page.keyboard.up(" ")
    after = guest.lies()
    assert (before[0] - after[0], before[1] - after[1]) == pytest.approx((50, 30), abs=1)
    state = guest.settled()
    assert (state["points"], state["box"]) == ([], None)


def test_a_window_of_another_size_keeps_clicks_right(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    guest.page.set_viewport_size({"width": 900, "height": 700})
    assert guest.click(1200, 800)["points"] == [[1200, 800, 1]]
    guest.page.set_viewport_size({"width": 1440, "height": 900})
    x, y, _ = guest.click(100, 90)["points"][-1]
    assert abs(x - 100) <= 1
    assert abs(y - 90) <= 1


def test_in_full_screen_clicks_land_right(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(PHOTO)
    guest.page.focus(".pp-stage")
    guest.page.keyboard.press("f")
    guest.page.wait_for_function("() => document.fullscreenElement")
    x, y, _ = guest.click(1300, 100)["points"][-1]
    assert abs(x - 1300) <= 1
    assert abs(y - 100) <= 1
    guest.page.evaluate("() => document.exitFullscreen()")
    guest.page.wait_for_function("() => !document.fullscreenElement")


def test_the_photo_is_sent_once(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    asked: list[str] = []
    guest.page.on("request", lambda request: asked.append(request.url))
    guest.open(PHOTO)
    for place in ((200, 200), (400, 300), (900, 500)):
        guest.click(*place)
    guest.page.focus(".pp-stage")
    guest.press("+")
    assert len([url for url in asked if url.endswith("photo.jpg")]) == 1
