"""A visit to the page in a real browser: what a person does there, and what they see."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import (
    BrowserContext,
    Download,
    FilePayload,
    FloatRect,
    Locator,
    Page,
)

from tests.support.window import CARD, OPTIONS, WAIT_MS, Window, find_chromium, is_ci

__all__ = ["OPTIONS", "WAIT_MS", "Visit", "find_chromium", "is_ci", "troubles", "unfold", "visit"]


class Visit(Window):
    """A window in which somebody works: editor, form and results."""

    # ---- the editor

    def stroke(self, *corners: tuple[int, int], wait: bool = True) -> None:
        """Drag from pixel to pixel of the photo, with whatever tool is chosen."""
        places = [self.spot(*corner) for corner in corners]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place, steps=4)
        self.page.mouse.up()
        if wait:
            self.settled()

    def brush_size(self, pixels: int) -> None:
        """Set the size of brush and eraser by their keys, as near as they go."""
        self.page.focus(".pp-stage")
        for _ in range(60):
            now = self.value()["brush"]
            if abs(now - pixels) <= max(1, pixels / 10):
                return
            self.page.keyboard.press("[" if now > pixels else "]")
        raise AssertionError(f"the brush did not reach {pixels} pixels")

    def edge(self, name: str, value: int) -> None:
        """Move a slider of the edges, and wait for the answer."""
        unfold(self.page, ".pp-edges")
        slider = self.page.locator(f"[data-edge={name}]")
        slider.fill(str(value))
        self.page.wait_for_function(
            "([name, value]) => document.querySelector('#pp-canvas .pp-root')"
            ".ppState().edges[name] === value",
            arg=[name, value],
        )
        self.settled()

    def new_part(self, op: str) -> None:
        """Start another part."""
        unfold(self.page, ".pp-parts")
        self.page.click(f".pp-new [data-op={op}]")
        self.settled()

    def part(self, index: int) -> Locator:
        """The row of a part in the list."""
        unfold(self.page, ".pp-parts")
        return self.page.locator(".pp-part").nth(index)

    def everything(self) -> None:
        """Begin to pick from everything."""
        self.page.click("[data-action=everything]")
        self.page.wait_for_selector("[data-action=everything][aria-pressed=true]")

    def fetched(self, what: str) -> tuple[str, bytes]:
        """Download mask or cutout by the menu; return the file's name and content."""
        unfold(self.page, ".pp-menu")
        with self.page.expect_download() as waiting:
            self.page.click(f"[data-action=fetch-{what}]")
        file: Download = waiting.value
        return file.suggested_filename, Path(file.path()).read_bytes()

    def upload_mask(self, data: bytes, name: str) -> None:
        """Choose a mask file, and wait for the answer."""
        version = self.value()["version"]
        payload: FilePayload = {"name": name, "mimeType": "image/png", "buffer": data}
        self.page.locator(".pp-mask-file").set_input_files(payload)
        self.page.wait_for_function(
            "(version) => { const root = document.querySelector('#pp-canvas .pp-root');"
            " return root.ppState().version > version || root.querySelector('.pp-error'); }",
            arg=version,
        )
        self.settled()

    def cursor(self) -> tuple[int, int]:
        """Where the keyboard's cursor is on the photo."""
        self.settled()
        left, top, width, height = self.lies(".pp-cross")
        script = "([x, y]) => document.querySelector('#pp-canvas .pp-root').ppPlace(x, y)"
        place = self.page.evaluate(script, [left + width / 2, top + height / 2])
        return place["x"], place["y"]

    def fingers(self, *moves: Sequence[tuple[float, float]]) -> None:
        """Put fingers on the screen, move them from place to place, and take them off."""
        session = self.page.context.new_cdp_session(self.page)
        kinds = ("touchStart", *("touchMove" for _ in moves[1:]), "touchEnd")
        for kind, places in zip(kinds, (*moves, ()), strict=True):
            points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        session.detach()

    def press(self, keys: str) -> dict[str, Any]:
        """Press keys, such as Control+z, and return the state after the answer."""
        self.page.keyboard.press(keys)
        return self.settled()

    def tool(self, selector: str) -> dict[str, Any]:
        """Press a button of the toolbar."""
        self.page.click(f"#pp-canvas {selector}")
        return self.settled()

    def tinted(self, x: int, y: int) -> bool:
        """Whether the overlay covers a pixel of the photo."""
        script = """([left, top]) => {
          const canvas = document.querySelector('.pp-overlay');
          const box = canvas.getBoundingClientRect();
          const place = [
            ((left - box.left) / box.width) * canvas.width,
            ((top - box.top) / box.height) * canvas.height,
          ];
          const copy = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
          copy.drawImage(canvas, ...place.map((at) => -Math.floor(at)));
          return copy.getImageData(0, 0, 1, 1).data[3];
        }"""
        return bool(self.page.evaluate(script, list(self.spot(x, y))) > 0)

    def message(self) -> str:
        """The line under the canvas."""
        return self.page.inner_text(".pp-hint")

    def example(self, index: int) -> dict[str, Any]:
        """Press an example."""
        serial = self.value()["serial"]
        self.page.click(f"#pp-examples button[data-index='{index}']")
        self.wait_serial(serial)
        return self.settled()

    def region(self, name: str) -> None:
        """Move the region switch to Background or Subject."""
        self.page.get_by_role("radio", name=name).check()
        self.page.wait_for_function(
            "(n) => document.querySelector('#pp-canvas .pp-root').ppState().region === n",
            arg=name.lower(),
        )
        self.settled()

    def take(self, tool: str) -> None:
        """Take another of the five tools, and wait until the button says so."""
        self.page.locator("#pp-tool").get_by_role("radio", name=tool).check()
        self.page.wait_for_function(
            "(name) => document.querySelector('#pp-repaint').innerText.trim() === name", arg=tool
        )
        self.settled()

    def pick(self, selector: str, name: str) -> None:
        """Choose from a list that unfolds, and wait until it has folded again."""
        self.page.locator(f"{selector} input").click()
        self.page.get_by_role("option", name=name, exact=True).click()
        self.page.wait_for_function("() => !document.querySelector('[role=option]')")

    def number(self, name: str, value: int) -> None:
        """Set a field of pixels: a side to extend, or width and height."""
        field = self.page.locator(f"#pp-n-{name} input")
        field.fill(str(value))
        field.press("Tab")

    # ---- painting

    def prompt(self, text: str) -> None:
        """Type a prompt."""
        self.page.fill("#pp-prompt textarea", text)

    def seed(self, number: int) -> None:
        """Set the seed."""
        if not self.page.locator("#pp-seed").is_visible():
            self.page.click("#pp-settings > button")
        self.page.locator("#pp-seed").locator("input, textarea").fill(str(number))

    def repaint(self) -> None:
        """Press Repaint and wait for the end of the work."""
        self.run = self._run()
        self.page.click("#pp-repaint")
        self.finished()

    def _run(self) -> int:
        """The number of the repaint that the progress card tells of."""
        return int(self.page.locator(CARD).get_attribute("data-run") or 0)

    def steps(self, number: int) -> None:
        """Set the steps."""
        if not self.page.locator("#pp-steps").is_visible():
            self.page.click("#pp-settings > button")
        field = self.page.locator("#pp-steps input[type=number]")
        field.fill(str(number))
        field.press("Tab")

    def started(self) -> None:
        """Wait until a step is shown."""
        self.page.wait_for_function(
            "() => Number(document.querySelector('#pp-progress [role=progressbar]')"
            "?.getAttribute('aria-valuenow')) > 0",
            timeout=WAIT_MS,
        )

    def finished(self) -> None:
        """Wait until a repaint that was not waited for yet is over, well or not."""
        script = """([card, run]) => {
          const { state, run: now } = document.querySelector(card).dataset;
          return (state === 'done' || state === 'failed') && Number(now) > run;
        }"""
        self.page.wait_for_function(script, arg=[CARD, self.run], timeout=4 * WAIT_MS)
        self.run = self._run()
        self.page.wait_for_selector("#pp-repaint", timeout=WAIT_MS)

    def result_shown(self) -> None:
        """Wait until the canvas shows a result, drawn."""
        self.page.wait_for_selector("#pp-canvas .pp-now", state="visible")
        self.page.wait_for_function(
            "() => { const image = document.querySelector('.pp-now');"
            " return image.complete && image.naturalWidth; }"
        )

    def colour_at(self, x: int, y: int) -> tuple[int, ...]:
        """The colour on the screen at the middle of the photo's pixel (x, y)."""
        left, top = self.spot(x, y)
        clip: FloatRect = {"x": left - 1, "y": top - 1, "width": 2, "height": 2}
        with Image.open(BytesIO(self.page.screenshot(clip=clip))) as image:
            return tuple(np.asarray(image.convert("RGB"))[0, 0].tolist())

    def wait_serial(self, serial: int) -> None:
        """Wait until another photo than `serial` lies on the canvas."""
        self.page.wait_for_function(
            "(n) => document.querySelector('#pp-canvas .pp-root').ppState().serial > n", arg=serial
        )

    def stopped(self, words: str = "Stopped") -> None:
        """Wait until the card says that the repaint was stopped: a step may still be on its way."""
        self.page.wait_for_function(
            "(words) => document.querySelector('#pp-progress .pp-line')?.innerText.includes(words)",
            arg=words,
        )

    def progress(self) -> str:
        """The sentence of the progress card."""
        return self.page.inner_text("#pp-progress .pp-line")

    def download(self) -> tuple[str, bytes]:
        """Download the result; return the file's name and content."""
        self.page.wait_for_selector("#pp-result .pp-download")
        with self.page.expect_download() as waiting:
            self.page.click("#pp-result .pp-download")
        file: Download = waiting.value
        return file.suggested_filename, Path(file.path()).read_bytes()

    def drop_large(self, size: int) -> None:
        """Drop a file of `size` zeros."""
        script = """([root, size]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(size)], 'large.png'));
          root.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
        }"""
        root = self.page.locator("#pp-canvas .pp-root").element_handle()
        self.page.evaluate(script, [root, size])

    def drop(self, data: bytes, name: str) -> None:
        """Drop a file on the canvas."""
        self.drop_at("#pp-canvas .pp-root", data, name)

    def drop_at(self, selector: str, data: bytes, name: str) -> bool:
        """Drop a file; return whether the page took it, rather than leave it to the browser."""
        script = """([root, text, name]) => {
          const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([bytes], name));
          const options = { dataTransfer, bubbles: true, cancelable: true };
          const taken = (kind) => !root.dispatchEvent(new DragEvent(kind, options));
          return ['dragover', 'drop'].every(taken);
        }"""
        root = self.page.locator(selector).element_handle()
        return bool(self.page.evaluate(script, [root, base64.b64encode(data).decode(), name]))


def unfold(page: Page, selector: str) -> None:
    """Open a <details>, unless it is open."""
    if page.locator(selector).get_attribute("open") is None:
        page.click(f"{selector} > summary")


def visit(context: BrowserContext, url: str) -> Visit:
    """Open the page in a new window of `context`."""
    guest = Visit(context.new_page())
    guest.watch()
    guest.go(url)
    return guest


def troubles(guests: Sequence[Visit]) -> list[str]:
    """All that went wrong in these windows."""
    return [text for guest in guests for text in guest.trouble]
