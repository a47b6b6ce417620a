"""A window on the page in a real browser: what is watched in it, and where things lie."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from playwright.sync_api import (
    FilePayload,
    Page,
    Request,
)

PATHS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
"""What Chromium needs in a container, and what keeps it from calling home."""

WAIT_MS = 30_000
CARD = "#pp-progress .pp-progress"

LOOPBACK = {"127.0.0.1", "localhost", ""}


def find_chromium() -> str | None:
    """Return the path of the system's Chromium, None where there is none."""
    found = [path for path in PATHS if Path(path).exists()]
    return found[0] if found else shutil.which("chromium") or shutil.which("google-chrome")


def is_ci() -> bool:
    """Whether a missing browser must fail the tests rather than skip them."""
    return bool(os.environ.get("CI"))


@dataclass(eq=False)
class Window:
    """One browser window on the page; `trouble` collects what must not happen in it."""

    page: Page
    trouble: list[str] = field(default_factory=list)
    run: int = 0

    def watch(self) -> None:
        """Collect console errors, script errors and requests to any other host."""
        self.page.on("console", lambda m: self._note(m.type in ("error", "warning"), m.text))
        self.page.on("pageerror", lambda error: self._note(True, str(error)))
        self.page.on("request", self._check)

    def _note(self, bad: bool, text: str) -> None:
        if bad:
            self.trouble.append(text)

    def _check(self, request: Request) -> None:
        self._note((urlsplit(request.url).hostname or "") not in LOOPBACK, request.url)

    def go(self, url: str) -> None:
        """Load the page and wait until it can be used."""
        self.page.goto(url)
        self.page.wait_for_selector("#pp-canvas .pp-empty .pp-open")
        self.page.wait_for_selector("#pp-repaint")

    # ---- the canvas

    def open(self, data: bytes, name: str = "photo.png") -> None:
        """Choose a file, and wait until it is shown or refused."""
        self.choose(data, name)
        self.page.wait_for_selector("#pp-canvas .pp-frame:not([hidden])")
        self.settled()

    def choose(self, data: bytes, name: str, kind: str = "image/png") -> None:
        """Choose a file."""
        payload: FilePayload = {"name": name, "mimeType": kind, "buffer": data}
        self.page.locator(".pp-file").set_input_files(payload)

    def value(self) -> dict[str, Any]:
        """What the canvas was told last: points, box, region, and more."""
        script = "() => document.querySelector('#pp-canvas .pp-root').ppState()"
        return cast(dict[str, Any], self.page.evaluate(script))

    def settled(self) -> dict[str, Any]:
        """Wait until the canvas waits for nothing, its photo and overlay drawn."""
        self.page.wait_for_function(
            "() => document.querySelector('#pp-canvas .pp-root').ppState().settled",
            timeout=WAIT_MS,
        )
        return self.value()

    def spot(self, x: int, y: int) -> tuple[float, float]:
        """Where on the screen the middle of the photo's pixel (x, y) lies."""
        self.page.locator(".pp-stage").scroll_into_view_if_needed()
        left, top, width, height = self.lies()
        size = self.value()["photo"]
        return left + (x + 0.5) / size["width"] * width, top + (y + 0.5) / size["height"] * height

    def lies(self, selector: str = ".pp-photo") -> tuple[float, float, float, float]:
        """Left, top, width and height of an element on the screen, zoom and all."""
        script = """(selector) => {
          const box = document.querySelector(selector).getBoundingClientRect();
          return [box.left, box.top, box.width, box.height];
        }"""
        left, top, width, height = self.page.evaluate(script, selector)
        return left, top, width, height

    def look(self, scale: float, x: float, y: float) -> None:
        """Show the photo `scale` times, its corner at (x, y) of the stage, as the page allows."""
        self.page.evaluate(
            "(view) => document.querySelector('#pp-canvas .pp-root').ppView(view)",
            {"scale": scale, "x": x, "y": y},
        )

    def click(self, x: int, y: int, *keys: str, button: Any = "left") -> dict[str, Any]:
        """Click a pixel of the photo with keys held down; return the state after the answer."""
        place = self.spot(x, y)
        for key in keys:
            self.page.keyboard.down(key)
        self.page.mouse.click(*place, button=button)
        for key in keys:
            self.page.keyboard.up(key)
        return self.settled()

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> dict[str, Any]:
        """Drag from one pixel of the photo to another."""
        begin, finish = self.spot(*start), self.spot(*end)
        self.page.mouse.move(*begin)
        self.page.mouse.down()
        self.page.mouse.move((begin[0] + finish[0]) / 2, (begin[1] + finish[1]) / 2)
        self.page.mouse.move(*finish)
        self.page.mouse.up()
        return self.settled()
