"""What goes over the wire, and what the server computes for it: counted, not timed."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request

from tests.browser.conftest import OpenPage, Site
from tests.support.photos import noise, png

pytestmark = pytest.mark.browser

PHOTO = png(noise(1600, 1200, seed=11))


class Traffic:
    """Counts the requests of a page by their paths, and the bytes that are sent."""

    def __init__(self, page: Page) -> None:
        self.asked: Counter[str] = Counter()
        self.sent = 0
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.asked[urlsplit(request.url).path] += 1
        self.sent += len(request.post_data_buffer or b"")

    def files(self) -> Counter[str]:
        """The files of the server that were fetched."""
        return Counter({path: n for path, n in self.asked.items() if "/file=" in path})


def test_clicks_and_a_repaint_fetch_the_photo_once_and_never_send_it_again(
    site: Site, open_page: OpenPage
) -> None:
    guest = open_page(site.url)
    traffic = Traffic(guest.page)
    guest.open(PHOTO)
    opened, uploaded = traffic.files(), traffic.sent
    assert len(opened) == 1
    for place in ((800, 600), (820, 600), (780, 640)):
        guest.click(*place)
    guest.prompt("sea")
    guest.repaint()
    guest.result_shown()
    assert all(count == 1 for count in traffic.files().values())
    assert traffic.sent - uploaded < 50_000 < len(PHOTO)


def test_the_encoder_runs_once_a_photo_however_often_and_wherever_it_is_clicked(
    site: Site, open_page: OpenPage
) -> None:
    before = site.segmenter.embedded
    photo = png(noise(640, 480, seed=12))
    for _ in range(2):
        guest = open_page(site.url)
        guest.open(photo)
        asked = len(site.segmenter.asked)
        for x in (300, 320, 340):
            guest.click(x, 240)
        assert len(site.segmenter.asked) == asked + 3
    assert site.segmenter.embedded == before + 1
