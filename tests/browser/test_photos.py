from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Route

from inpainting.photo import ANIMATED
from inpainting.web.canvas import OPEN_SECONDS
from inpainting.web.queries import ENDED
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


def test_what_is_refused_before_the_first_answer_stays_told_after_it(
    site: Site, open_page: OpenPage
) -> None:
    guest, held = open_page(site.url), list[Route]()
    guest.page.route("**/run/predict*", lambda route: held.append(route))
    with guest.page.expect_request("**/run/predict*"):
        guest.go(site.url)
    guest.drop_large(31_000_000)
    guest.page.wait_for_selector(".pp-hint.pp-error")
    for route in held:
        route.continue_()
    guest.page.wait_for_function("() => document.querySelector('.pp-root').ppState().desk")
    assert "30 MB" in guest.message()


def test_a_photo_can_be_dropped(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.drop(png(noise(80, 60)), "dropped.png")
    guest.page.wait_for_selector(".pp-frame:not([hidden])")
    assert guest.settled()["photo"]["name"] == "dropped"


def test_a_photo_dropped_beside_the_canvas_is_opened(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    assert guest.drop_at("#pp-status", png(noise(80, 60)), "beside.png")
    guest.page.wait_for_selector(".pp-frame:not([hidden])")
    assert guest.settled()["photo"]["name"] == "beside"


def test_what_was_done_at_opening_is_told_calmly(site: Site, open_page: OpenPage) -> None:
    frames = [Image.fromarray(noise(80, 60, seed)) for seed in range(2)]
    file = BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    guest = open_page(site.url)
    guest.open(file.getvalue(), "two.webp")
    assert guest.message() == ANIMATED
    assert guest.page.locator(".pp-hint.pp-error").count() == 0


def test_a_session_that_the_server_has_lost_says_so_and_goes_on(
    site: Site, open_page: OpenPage
) -> None:
    guest = open_page(site.url)
    for _ in range(3):
        guest.open(png(noise(80, 60)), "mine.png")
    site.page.state_holder.session_data.clear()
    place = guest.spot(10, 10)
    guest.page.mouse.click(*place)
    guest.page.wait_for_selector(".pp-hint.pp-error")
    assert guest.message() == ENDED
    assert guest.settled()["photo"] is None
    guest.open(png(noise(80, 60)), "again.png")
    assert guest.click(10, 10)["points"] == [[10, 10, 1]]


def test_a_lost_session_is_told_by_the_region_switch_too(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(png(noise(80, 60)), "mine.png")
    site.page.state_holder.session_data.clear()
    guest.region("Subject")
    assert guest.message() == ENDED


def test_a_photo_that_nobody_answers_for_is_given_up(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.page.clock.install()
    guest.page.route("**/run/predict*", lambda _: None)
    with guest.page.expect_request("**/run/predict*"):
        guest.choose(png(noise(80, 60)), "mine.png")
    guest.page.clock.fast_forward(1000 * (OPEN_SECONDS - 1))
    assert guest.page.locator(".pp-veil").is_visible()
    guest.page.clock.fast_forward(2000)
    guest.page.wait_for_selector(".pp-hint.pp-error")
    assert "try again" in guest.message()
    guest.page.unroute("**/run/predict*")
    guest.open(png(noise(80, 60)), "mine.png")
    assert guest.settled()["photo"]["name"] == "mine"


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


def test_a_photo_that_is_closed_leaves_nothing_on_the_page(site: Site, open_page: OpenPage) -> None:
    guest = open_page(site.url)
    guest.open(png(noise(80, 60)), "gone.png")
    guest.click(30, 20)
    drawn = [guest.page.locator(f".pp-{name}") for name in ("frame", "overlay", "marks")]
    assert all(one.is_visible() for one in drawn[:2])
    guest.page.locator('[data-action="close"]').click()
    guest.page.wait_for_selector(".pp-empty")
    assert guest.settled()["photo"] is None
    assert not any(one.is_visible() for one in drawn)
    guest.open(png(noise(64, 48)), "next.png")
    assert drawn[1].is_visible()
    assert guest.settled()["points"] == []
