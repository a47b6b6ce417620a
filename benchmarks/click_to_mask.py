"""From pointer down to overlay drawn with SAM's own decoder, against what that decoder takes.

`python -m benchmarks.click_to_mask [--rounds N] [--megapixels N] [--model NAME] [--json FILE]`
needs Chromium and the test requirements. The segmenter is of full size, with random weights, and
its encoder is done before the first click. The masks of untrained weights are noise, which no
subject looks like and nothing packs well: in their place logits of ellipses are scaled to masks.
The decoder is timed alone in between, each round, with masks so small that they cost nothing.
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from playwright.sync_api import sync_playwright

from benchmarks.click_work import INFO, MODELS, SAM, SMALL
from benchmarks.clicks import clicking, photo, places
from benchmarks.timing import Row, keep, options, say, seconds_of, table
from inpainting.types import Candidates, Embedding, Point, Prompts, Rgb, Size
from models.promptable import PromptableSegmenter
from models.sam_geometry import Square
from tests.support.browser import OPTIONS, find_chromium

SIDE, SQUARE = 256, Square(1024)
"""What SAM's logits are like."""

MIDDLE = Prompts((Point(SMALL[0] // 2, SMALL[1] // 2),))

TIMES, BESIDE = 1.5, 0.030
"""A click may take TIMES as long as the decoder and BESIDE seconds together."""


class WithDecoder:
    """Runs a segmenter's decoder at each click, and answers with three masks round it."""

    def __init__(self, inner: PromptableSegmenter) -> None:
        self.info = inner.info
        self._inner = inner
        self._embedding: Embedding | None = None

    def embed(self, rgb: Rgb) -> Embedding:
        """Run the encoder."""
        self._embedding = self._inner.embed(rgb)
        return self._embedding

    def candidates(
        self,
        embedding: Embedding,
        prompts: Prompts,
        hint: NDArray[np.float32] | None = None,
    ) -> Candidates:
        """Run the decoder, then scale logits of ellipses to masks as the segmenter does its own."""
        self._inner.candidates(replace(embedding, size=SMALL), MIDDLE, hint)
        logits = (_ellipse(embedding.size, prompts.points[-1], share) for share in (4, 10, 2))
        masks = tuple(SQUARE.mask(one, embedding.size) for one in logits)
        return Candidates(masks, (0.9, 0.8, 0.7))

    def decoder_alone(self) -> float:
        """Return the seconds of the decoder, with masks so small that they cost nothing."""
        if self._embedding is None:
            raise RuntimeError("no photo is open yet")
        small = replace(self._embedding, size=SMALL)
        return seconds_of(lambda: self._inner.candidates(small, MIDDLE))


def _ellipse(size: Size, point: Point, part: int) -> NDArray[np.float32]:
    """Return logits, SIDE x SIDE, of an ellipse whose axes are parts of a photo's sides."""
    scale = SIDE / max(size)
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    along, across = (x - point.x * scale) / size[0], (y - point.y * scale) / size[1]
    return np.asarray(1 / part - np.hypot(along, across) / scale, np.float32)


def built(name: str) -> WithDecoder:
    """Return a segmenter of full size as the app runs it on the CPU."""
    build, kind = MODELS[name]
    inner = kind(build(torch.device("cpu"), torch.float32), INFO)
    inner.hasten()
    return WithDecoder(inner)


def measured(name: str, megapixels: int, rounds: int) -> list[Row]:
    """Click and run the decoder alone in turn."""
    segmenter = built(name)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        picture = Path(folder) / "photo.jpg"
        cv2.imwrite(str(picture), photo(megapixels)[..., ::-1])
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=OPTIONS)
        with clicking(browser, picture, segmenter) as click:
            pairs = [(click(place), segmenter.decoder_alone()) for place in places(rounds + 1)]
        browser.close()
    whole, alone = zip(*pairs[1:], strict=True)  # the first one warms up
    return [Row(f"{name}: click to mask", whole), Row(f"{name}: decoder alone", alone)]


def main(arguments: list[str]) -> int:
    """Measure, write the table, and hold it against the promise."""
    parser = options(__doc__, 12)
    parser.add_argument("--megapixels", type=int, default=12)
    parser.add_argument("--model", choices=tuple(MODELS), default=SAM)
    chosen = parser.parse_args(arguments)
    rows = measured(chosen.model, chosen.megapixels, chosen.rounds)
    say(table(rows))
    took, decoder = (statistics.median(row.seconds) for row in rows)
    most = TIMES * (decoder + BESIDE)
    say(f"\n{1000 * took:.0f} ms from click to mask (promised: at most {1000 * most:.0f})")
    keep(chosen.json, rows, {"promised": most})
    return 0 if took <= most else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
