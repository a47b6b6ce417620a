"""Fixtures for tests in a real Chromium: `browser`, `serve_studio`, `open_page`, and a `site`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr
import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from inpainting.offers import Switch
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.web.page import build_page
from tests.support.browser import OPTIONS, WAIT_MS, Visit, find_chromium, is_ci, troubles, visit
from tests.support.fakes import FakePainter, FakeSegmenter
from tests.support.ports import free_port

EXAMPLES = sorted((Path(__file__).parents[2] / "assets" / "photos").glob("*.jpg"))

OpenPage = Callable[..., Visit]

GRADIO_WARNS = "ignore::pandas.errors.Pandas4Warning"
"""Raised by gradio's own queue in its server thread, with pandas 3."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the server live: a warning of a library it uses must not end its thread."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.filterwarnings(GRADIO_WARNS))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    path = find_chromium()
    if path is None and not is_ci():
        pytest.skip("no Chromium is installed here; with Debian: apt install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def served() -> dict[str, gr.Blocks]:
    """The pages that `serve_studio` serves, by URL."""
    return {}


@pytest.fixture(scope="session")
def serve_studio(
    tmp_path_factory: pytest.TempPathFactory, served: dict[str, gr.Blocks]
) -> Iterator[Callable[..., str]]:
    """A function that serves a studio's page on a free port and returns its URL."""
    patch = pytest.MonkeyPatch()
    patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))

    def serve(studio: Studio, switch: Switch | None = None) -> str:
        settings = Settings(port=free_port(), max_file_mb=30)
        page = build_page(studio, settings, EXAMPLES, switch)
        page.launch(prevent_thread_lock=True)
        url = f"http://127.0.0.1:{settings.port}/"
        served[url] = page
        return url

    yield serve
    for page in served.values():
        page.close(verbose=False)
    patch.undo()


class Gate:
    """Lets a painter make steps while it is open; a test closes it to look at a repaint halfway."""

    def __init__(self) -> None:
        self.open = Event()
        self.open.set()
        self.hold_from = 0
        self.pace = 0.0

    def __call__(self, step: int) -> None:
        """Wait before a step."""
        if step >= self.hold_from:
            self.open.wait(60)
            Event().wait(self.pace)

    def close(self, step: int) -> None:
        """Let no job make this step or a later one."""
        self.hold_from = step
        self.open.clear()


@dataclass(frozen=True, eq=False)
class Site:
    """A page served with fakes."""

    url: str
    segmenter: FakeSegmenter
    painter: FakePainter
    gate: Gate
    studio: Studio
    page: gr.Blocks


@pytest.fixture(scope="session")
def shared_site(serve_studio: Callable[..., str], served: dict[str, gr.Blocks]) -> Site:
    """One server for all tests with fakes; its state is per window."""
    gate = Gate()
    segmenter, painter = FakeSegmenter(), FakePainter(gate)
    studio = Studio(segmenter, painter)
    url = serve_studio(studio)
    return Site(url, segmenter, painter, gate, studio, served[url])


@pytest.fixture
def site(shared_site: Site) -> Iterator[Site]:
    """The shared server, its painter let go at the end."""
    yield shared_site
    shared_site.gate.open.set()
    shared_site.gate.pace = 0.0


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """A function that opens a URL in a new window with a session of its own.

    It takes options of `Browser.new_context`. At the end no window may have had an error on its
    console or a request to another host.
    """
    contexts: list[BrowserContext] = []
    guests: list[Visit] = []

    def open_url(url: str, **options: Any) -> Visit:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        context.set_default_timeout(WAIT_MS)
        contexts.append(context)
        guests.append(visit(context, url))
        return guests[-1]

    yield open_url
    for context in contexts:
        context.close()
    assert troubles(guests) == []
