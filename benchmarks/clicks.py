"""From pointer down to overlay drawn in Chromium, beside gr.Image + gr.AnnotatedImage.

`python -m benchmarks.clicks [--rounds N] [--megapixels N] [--json FILE]` needs Chromium and the
test requirements. Both pages are served by this process and get the same segmenter, whose own time
is noted at each click and taken off: what is left is what the page costs. The rival does what the
documentation of gr.Image.select and gr.AnnotatedImage shows and the original app did: the picture
travels with each click, and comes back with its mask.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import gradio as gr
import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.timing import Row, as_json, table
from inpainting.ports import Segmenter
from inpainting.settings import Settings
from inpainting.studio import Studio
from inpainting.types import Candidates, Embedding, ModelInfo, Point, Prompts, Rgb
from inpainting.web.page import build_page
from tests.support.browser import OPTIONS, find_chromium
from tests.support.fakes import FakePainter
from tests.support.ports import free_port

PROMISED = 60
"""Milliseconds of a click beyond the segmenter's own."""

Clicks = Callable[[tuple[float, float]], float]
"""Clicks at a share of a photo's sides; returns the seconds until the answer is drawn."""

WAIT_MS = 120_000
WINDOW = {"width": 1440, "height": 900}


class Ellipses:
    """A segmenter of three ellipses round the last click that notes the time of each answer."""

    def __init__(self) -> None:
        self.info = ModelInfo("ellipses", "Ellipses", "benchmarks", "1", "Apache-2.0")
        self.seconds: list[float] = []

    def embed(self, rgb: Rgb) -> Embedding:
        """Note the size alone."""
        return Embedding((rgb.shape[1], rgb.shape[0]), 1, None)

    def candidates(
        self,
        embedding: Embedding,
        prompts: Prompts,
        hint: NDArray[np.float32] | None = None,  # noqa: ARG002  nothing to start from
    ) -> Candidates:
        """Return ellipses that cover a tenth, a quarter and half of the photo's sides."""
        started = time.perf_counter()
        masks = tuple(_ellipse(embedding, prompts.points[-1], share) for share in (4, 10, 2))
        self.seconds.append(time.perf_counter() - started)
        return Candidates(masks, (0.9, 0.8, 0.7))


def _ellipse(embedding: Embedding, point: Point, part: int) -> NDArray[np.bool_]:
    width, height = embedding.size
    canvas = np.zeros((height, width), np.uint8)
    axes = (width // part, height // part)
    cv2.ellipse(canvas, (point.x, point.y), axes, 20, 0, 360, 1, -1)
    return canvas.view(np.bool_)


def photo(megapixels: int) -> Rgb:
    """Return a 4:3 picture of soft colours with some noise, as hard to pack as a photo."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    chance = np.random.default_rng(1)
    soft = cv2.resize(chance.integers(0, 255, (12, 16, 3), np.uint8), (width, height))
    noise = chance.integers(0, 12, (height, width, 3), np.uint8)
    return cv2.add(np.asarray(soft, np.uint8), noise).astype(np.uint8)


def rival_page(segmenter: Ellipses, picture: Path) -> gr.Blocks:
    """Return the usual page: a click on a gr.Image sends it, a gr.AnnotatedImage comes back."""

    def select(image: Rgb, event: gr.SelectData) -> Any:
        embedding = segmenter.embed(image)
        x, y = event.index
        found = segmenter.candidates(embedding, Prompts((Point(int(x), int(y)),)))
        return image, [(found.masks[0].astype(np.float32), "subject")]

    page = gr.Blocks(analytics_enabled=False)
    with page:
        with gr.Row():
            image = gr.Image(str(picture), type="numpy", elem_id="image")
            shown = gr.AnnotatedImage(elem_id="shown")
        image.select(select, [image], [shown], show_progress="hidden")
    return page


@contextmanager
def serving(page: gr.Blocks) -> Iterator[str]:
    """Serve a page on loopback while the block runs; yield its URL."""
    port = free_port()
    page.launch(prevent_thread_lock=True, server_name="127.0.0.1", server_port=port, quiet=True)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        page.close(verbose=False)


OURS = """([x, y]) => new Promise((resolve) => {
  const root = document.querySelector('#pp-canvas .pp-root');
  const before = root.ppState().version;
  root.addEventListener('pointerdown', () => {
    const started = performance.now();
    const look = () => {
      const now = root.ppState();
      const drawn = now.settled && now.version > before;
      drawn ? resolve(performance.now() - started) : requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { once: true, capture: true });
  window.ppArmed = true;
})"""

RIVAL = """() => new Promise((resolve) => {
  const urls = () => [...document.querySelectorAll('#shown img')].map((image) => image.src).join();
  const before = urls();
  document.querySelector('#image').addEventListener('pointerdown', () => {
    const started = performance.now();
    const look = () => {
      const images = [...document.querySelectorAll('#shown img')];
      const drawn = images.length && urls() !== before && images.every((i) => i.complete);
      drawn ? resolve(performance.now() - started) : requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { once: true, capture: true });
  window.ppArmed = true;
})"""
"""Each waits for the picture of the answer in whole, as the eye does."""


def clicked(page: Page, script: str, selector: str, share: tuple[float, float]) -> float:
    """Click at a share of an element's sides; return the seconds until the answer is drawn."""
    box = page.locator(selector).first.bounding_box()
    if box is None:
        raise RuntimeError(f"{selector} is not shown")
    page.evaluate(f"() => {{ window.ppArmed = false; window.ppDone = ({script})([0, 0]); }}")
    page.wait_for_function("() => window.ppArmed")
    page.mouse.click(box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"])
    milliseconds: float = page.evaluate("() => window.ppDone")
    return milliseconds / 1000


def places(count: int) -> Iterator[tuple[float, float]]:
    """Yield places to click, as shares of a photo's sides, the same ones each time."""
    for x, y in np.random.default_rng(3).uniform(0.3, 0.7, (count, 2)):
        yield float(x), float(y)


def over_segmenter(segmenter: Ellipses, clicks: Clicks, rounds: int) -> tuple[float, ...]:
    """Click `rounds` times; return the seconds of each beyond the segmenter's own."""
    seconds = []
    for place in places(rounds + 1):
        segmenter.seconds.clear()
        whole = clicks(place)
        seconds.append(whole - sum(segmenter.seconds))
    return tuple(seconds[1:])  # the first one warms up


@contextmanager
def clicking(browser: Browser, picture: Path, segmenter: Segmenter) -> Iterator[Clicks]:
    """Open a picture in this project's page; yield what clicks there, once an earlier click is
    undone, and returns the seconds until its answer is drawn.
    """
    page = build_page(Studio(segmenter, FakePainter()), Settings(port=free_port()), ())
    with serving(page) as url, browser.new_context(viewport=WINDOW) as context:  # type: ignore[arg-type]
        window = context.new_page()
        window.goto(url)
        window.wait_for_selector("#pp-canvas .pp-empty .pp-open")
        window.locator(".pp-file").first.set_input_files(picture)
        settled = "() => { const now = document.querySelector('#pp-canvas .pp-root').ppState();"
        window.wait_for_function(f"{settled} return now.photo && now.settled; }}", timeout=WAIT_MS)

        def click(share: tuple[float, float]) -> float:
            window.keyboard.press("Control+z")
            window.wait_for_function(f"{settled} return now.settled; }}", timeout=WAIT_MS)
            return clicked(window, OURS, ".pp-photo", share)

        yield click


def measure_ours(browser: Browser, picture: Path, rounds: int) -> tuple[float, ...]:
    """Return the seconds of clicks on this project's page."""
    segmenter = Ellipses()
    with clicking(browser, picture, segmenter) as click:
        return over_segmenter(segmenter, click, rounds)


def measure_rival(browser: Browser, picture: Path, rounds: int) -> tuple[float, ...]:
    """Return the seconds of clicks on the usual page."""
    segmenter = Ellipses()
    with (
        serving(rival_page(segmenter, picture)) as url,
        browser.new_context(viewport=WINDOW) as context,  # type: ignore[arg-type]
    ):
        window = context.new_page()
        window.goto(url)
        window.wait_for_selector("#image img", timeout=WAIT_MS)
        window.wait_for_function("() => document.querySelector('#image img').complete")

        def click(share: tuple[float, float]) -> float:
            return clicked(window, RIVAL, "#image img", share)

        return over_segmenter(segmenter, click, rounds)


def main(arguments: list[str]) -> int:
    """Measure both in turn and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--megapixels", type=int, default=12)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        picture = Path(folder) / "photo.jpg"
        cv2.imwrite(str(picture), photo(options.megapixels)[..., ::-1])
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=OPTIONS)
        half = max(1, options.rounds // 2)
        seconds: dict[str, tuple[float, ...]] = {
            "this page": (),
            "gr.Image + gr.AnnotatedImage": (),
        }
        for rounds in (half, options.rounds - half):
            seconds["this page"] += measure_ours(browser, picture, rounds)
            seconds["gr.Image + gr.AnnotatedImage"] += measure_rival(browser, picture, rounds)
        browser.close()
    rows = [Row(name, values) for name, values in seconds.items()]
    sys.stdout.write(f"{table(rows)}\n")
    if options.json:
        options.json.write_text(as_json(rows), encoding="utf8")
    slowest = 1000 * statistics.median(seconds["this page"])
    sys.stdout.write(f"\n{slowest:.0f} ms beyond the segmenter's own time (promised: {PROMISED})\n")
    return 0 if slowest <= PROMISED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
