"""Pictures of every state of the page, made with the embedded models: `make screenshots`.

`python -m tests.browser.screenshots [FOLDER]` writes JPEG files, by default to assets/screenshots.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Route, sync_playwright

from app import EXAMPLES, examples
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.web.page import build_page
from models.bringup import embedded_models
from models.filling import embedded_fillers
from models.switching import Switcher
from tests.support.browser import OPTIONS, Visit, find_chromium, visit
from tests.support.ports import free_port

FOLDER = EXAMPLES.parent / "screenshots"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
TALL: dict[str, Any] = {"viewport": {"width": 1440, "height": 1500}}
DARK: dict[str, Any] = {**DESKTOP, "color_scheme": "dark"}
GERMAN: dict[str, Any] = {**DESKTOP, "locale": "de-DE"}

ASTRONAUT, CHELSEA, COFFEE, ROCKET = range(4)

State = Callable[[Visit], None]


def empty(_: Visit) -> None:
    """Nothing is open yet."""


def loading(guest: Visit) -> None:
    """A photo is on its way: the upload is held."""

    def hold(_: Route) -> None:
        """Never answer."""

    guest.page.route("**/upload*", hold)
    guest.choose((EXAMPLES / "chelsea.jpg").read_bytes(), "chelsea.jpg")
    guest.page.wait_for_selector("#pp-canvas .pp-veil:not([hidden])")


def selecting(guest: Visit) -> None:
    """A photo with clicks, zoomed in a little."""
    guest.example(CHELSEA)


def painting(guest: Visit) -> None:
    """Halfway through a repaint."""
    guest.example(ASTRONAUT)
    guest.steps(150)
    guest.page.click("#pp-repaint")
    guest.started()


def result(guest: Visit) -> None:
    """A finished picture."""
    guest.example(ASTRONAUT)
    guest.seed(7)
    guest.page.click("#pp-settings > button")
    guest.repaint()
    guest.settled()


def removed(guest: Visit) -> None:
    """The subject is gone."""
    guest.example(ROCKET)
    guest.take("Remove")
    guest.repaint()
    guest.settled()


def extending(guest: Visit) -> None:
    """A photo that is to become square."""
    guest.example(ASTRONAUT)
    guest.take("Extend")
    guest.pick("#pp-quick-sides", "16:9")


def tuning(guest: Visit) -> None:
    """A restyle with its drawers open."""
    guest.example(COFFEE)
    guest.take("Restyle")
    guest.page.click("#pp-fine > button")
    guest.page.click("#pp-grid > button")


def models(guest: Visit) -> None:
    """The choice of models."""
    guest.example(CHELSEA)
    guest.page.click("#pp-models > button")
    guest.page.locator("#pp-models").scroll_into_view_if_needed()


def error(guest: Visit) -> None:
    """A file that is no photo."""
    guest.example(CHELSEA)
    guest.choose(b"not a photo", "notes.png")
    guest.page.wait_for_selector("#pp-canvas .pp-hint.pp-error")


def shortcuts(guest: Visit) -> None:
    """The sheet of keys."""
    guest.example(CHELSEA)
    guest.page.locator(".pp-frame").focus()
    guest.page.keyboard.press("?")
    guest.page.wait_for_selector("#pp-canvas dialog[open]")


STATES: dict[str, tuple[State, dict[str, Any]]] = {
    "empty": (empty, DESKTOP),
    "loading": (loading, DESKTOP),
    "selecting": (selecting, DESKTOP),
    "painting": (painting, DESKTOP),
    "result": (result, DESKTOP),
    "error": (error, DESKTOP),
    "shortcuts": (shortcuts, DESKTOP),
    "removed": (removed, DESKTOP),
    "extending": (extending, DESKTOP),
    "tuning": (tuning, TALL),
    "models": (models, DESKTOP),
    "dark": (selecting, DARK),
    "german": (result, GERMAN),
    "phone-empty": (empty, PHONE),
    "phone-selecting": (selecting, PHONE),
    "phone-result": (result, PHONE),
}


@contextmanager
def served() -> Iterator[str]:
    """Serve the page with the embedded models; yield its URL."""
    with TemporaryDirectory() as cache:
        os.environ["GRADIO_TEMP_DIR"] = cache
        settings = Settings(port=free_port())
        studio = Studio(*embedded_models(), settings, fillers=embedded_fillers())
        page = build_page(studio, settings, examples(), Switcher(studio, settings))
        page.launch(prevent_thread_lock=True)
        yield f"http://127.0.0.1:{settings.port}/"
        page.close(verbose=False)


def picture(browser: Browser, url: str, name: str, folder: Path) -> None:
    """Bring a new window into a state and write what it shows."""
    state, options = STATES[name]
    with browser.new_context(**options) as context:
        guest = visit(context, url)
        state(guest)
        guest.page.mouse.move(0, 0)
        guest.page.wait_for_timeout(400)  # for transitions to end: a picture, not a test
        guest.page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=82)


def main(arguments: list[str]) -> int:
    """Write all pictures."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=OPTIONS)
        for name in STATES:
            picture(browser, url, name, folder)
            sys.stdout.write(f"{name}\n")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
